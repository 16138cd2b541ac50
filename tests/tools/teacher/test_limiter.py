from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.teacher.limiter import ANSWERS_PER_STEP, LONGEST_PAUSE, PAUSE_GROWTH, PROBE_STEPS, Limit
from seedbed.teacher.retrying import LONGEST_ASKED

events = st.lists(st.tuples(st.booleans(), st.integers(0, 3)), max_size=200)


def after(limit: Limit, happened: list[tuple[bool, int]]) -> list[Limit]:
    """Every state on the way; an event is (answered, how many rounds ago its request was sent)."""
    states = [limit]
    for answered, ago in happened:
        round = max(0, states[-1].round - ago)
        states.append(states[-1].answered(round) if answered else states[-1].overloaded(round))
    return states


@given(st.integers(1, 300), events)
def test_what_is_allowed_stays_between_one_and_the_ceiling(
    ceiling: int, happened: list[tuple[bool, int]]
) -> None:
    for state in after(Limit.at_most(ceiling), happened):
        assert 1 <= state.allowed <= state.ceiling == ceiling
        assert state.allowed <= state.remembered <= ceiling or state.overloads


@given(st.integers(1, 300), events)
def test_an_answer_never_lowers_and_an_overload_never_raises(
    ceiling: int, happened: list[tuple[bool, int]]
) -> None:
    states = after(Limit.at_most(ceiling), happened)
    for (answered, ago), before, state in zip(happened, states, states[1:], strict=False):
        if answered:
            assert before.allowed <= state.allowed <= before.allowed + 1
        elif ago and before.round:
            assert state == before  # a request of an earlier round met an overload that has been dealt with
        else:
            assert state.allowed <= before.allowed and state.round == before.round + 1


@given(st.integers(1, 300), events)
def test_whatever_happened_answers_bring_all_of_it_back(
    ceiling: int, happened: list[tuple[bool, int]]
) -> None:
    state = after(Limit.at_most(ceiling), happened)[-1]
    for _ in range(ANSWERS_PER_STEP * PROBE_STEPS * ceiling):
        state = state.answered(state.round)
    assert (state.allowed, state.overloads) == (ceiling, 0)


def test_without_an_overload_nothing_changes() -> None:
    limit = Limit.at_most(64)
    assert limit.answered(0) is limit


def test_one_overload_is_reported_by_many_requests_and_cuts_once() -> None:
    state = Limit.at_most(64)
    for _ in range(40):
        state = state.overloaded(0)
    assert (state.allowed, state.remembered, state.round) == (48, 64, 1)


def test_growth_is_slow_where_an_overload_was_met() -> None:
    state = Limit.at_most(64).overloaded(0)  # 48 are allowed; 64 were too many
    steps = []
    while state.allowed < 64:
        answers, allowed = 0, state.allowed
        while state.allowed == allowed:
            state, answers = state.answered(state.round), answers + 1
        steps.append(answers)
    assert steps == [ANSWERS_PER_STEP] * 15 + [ANSWERS_PER_STEP * PROBE_STEPS]


def test_a_storm_without_an_answer_does_not_make_it_forget_what_the_server_could_bear() -> None:
    state = Limit.at_most(64)
    for round in range(30):
        state = state.overloaded(round)
    assert (state.allowed, state.remembered) == (1, 64)


@given(st.integers(0, 1000), st.floats(0, 1, exclude_max=True), st.floats(-1e12, 1e12))
def test_a_pause_is_bounded_and_never_nothing(overloads: int, jitter: float, asked: float) -> None:
    state = Limit(8, 1, 8, round=overloads, overloads=overloads)
    assert 0 < state.pause(jitter=jitter, asked=asked) <= LONGEST_PAUSE + LONGEST_ASKED
    assert state.pause(jitter=jitter, asked=7.0) >= 7.0


@pytest.mark.parametrize("overloads", [1, 2, 3])
def test_each_overload_in_a_row_lengthens_the_pause(overloads: int) -> None:
    pauses = [Limit(8, 1, 8, overloads=n).pause(jitter=0.0) for n in (overloads, overloads + 1)]
    assert pauses[1] == pytest.approx(PAUSE_GROWTH * pauses[0])
