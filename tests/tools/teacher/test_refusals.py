from __future__ import annotations

import random

import pytest

from seedbed.teacher.refusals import LEAST, MOST, TRIAL, TRIAL_SECONDS, Refusals, Trial

ALLOWED = 64


def after(state: Refusals, share: float, requests: int, seed: int = 0) -> list[Refusals]:
    """The state at every refusal among so many requests, of which a share is refused at random."""
    chance, states, uncounted = random.Random(seed), [state], 0
    for _ in range(requests):
        uncounted += 1
        if chance.random() < share:
            states.append(states[-1].after_refusal(uncounted, ALLOWED))
            uncounted = 0
    return states


def trial(*, answers: int = 0, refusals: int = 0, before: float = 0.3) -> Trial:
    return Trial(1, 0.1, TRIAL_SECONDS, before, answers, refusals)


def test_what_is_usual_alarms_nobody_and_a_refusal_of_everything_does_at_once() -> None:
    usual = after(Refusals(0.45), 1 / 3, 3000)
    assert not any(state.alarming for state in usual)
    storm = after(usual[-1], 1.0, 80)
    assert storm[-1].alarming and not storm[1].alarming
    assert after(Refusals(), 1.0, 3)[-1].alarming and not after(Refusals(), 1.0, 1)[-1].alarming


def test_a_burst_of_requests_whose_answers_take_long_is_no_alarm_for_its_refusals_come_first() -> None:
    state, sent = Refusals(0.45), ALLOWED
    for _ in range(ALLOWED // 3):
        state, sent = state.after_refusal(sent, ALLOWED), 0
        assert not state.alarming


def test_a_server_that_has_healed_is_like_any_other_again() -> None:
    state = after(Refusals(0.45), 1 / 3, 1000)[-1]
    assert state.usual > 0.3
    state = state.after_refusal(1000, ALLOWED)  # the first for long
    assert state.usual == LEAST and not state.is_high and not state.alarming


@pytest.mark.parametrize(
    ("answers", "refusals", "usual"),
    [(40, 20, (1 / 3, 0.5)), (56, 4, (0.06, 0.15)), (30, 30, (0.5, 0.65))],
)
def test_what_is_refused_of_so_little_is_usual_of_the_server(
    answers: int, refusals: int, usual: tuple[float, float]
) -> None:
    found = trial(answers=answers, refusals=refusals, before=refusals / 60).finds(Refusals())
    assert found is not None and usual[0] < found.usual < usual[1]


@pytest.mark.parametrize(
    ("tried", "known"),
    [
        (trial(answers=60), Refusals()),
        (trial(answers=59, refusals=1), Refusals()),
        (trial(answers=54, refusals=6, before=0.9), Refusals()),  # hardly any of those before
        (trial(answers=10, refusals=50), Refusals()),  # more than MOST
        (trial(answers=40, refusals=20), Refusals(0.4)),  # known before
    ],
)
def test_a_trial_that_tells_nothing_new_finds_nothing(tried: Trial, known: Refusals) -> None:
    assert tried.finds(known) is None


def test_a_trial_ends_as_soon_as_it_has_told_what_it_can() -> None:
    assert trial(answers=14).is_over(0.0) and not trial(answers=13).is_over(0.0)  # 4 refusals were due
    assert not trial(answers=13, refusals=1).is_over(0.0)
    assert trial(answers=TRIAL // 2, refusals=TRIAL // 2).is_over(0.0)
    assert trial(refusals=TRIAL // 2).is_over(0.0) and trial(refusals=TRIAL // 2).share > MOST
    assert trial().is_over(TRIAL_SECONDS)


def test_there_is_no_trial_of_a_server_too_slow_to_tell_anything_in_time() -> None:
    assert Trial.after(19, 40, 5.0, round=3, now=0.0) is None
    assert Trial.after(30, 40, 600.0, round=3, now=0.0) is None
    begun = Trial.after(30, 10, 3.0, round=3, now=7.0)
    assert begun == Trial(3, 0.2, 7.0 + TRIAL_SECONDS, 0.25)
