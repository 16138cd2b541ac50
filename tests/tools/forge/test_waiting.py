"""The dated policy for pull requests on which nothing happens, day by day."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.golden import assert_golden
from support.pull_requests import NOW, RUN, pull_request, review

from seedbed.forge.actions import AddLabels, Close, RemoveComment, RemoveLabel, WriteComment, describe
from seedbed.forge.facts import OwnComment
from seedbed.forge.labels import IDLE
from seedbed.forge.outcome import Outcome
from seedbed.forge.waiting import LEAST_NOTICE, REMINDER, Patience, Waiting, actions_of_waiting

GOLDEN = Path(__file__).parent / "golden" / "waiting"
PATIENCE = Patience(14, 45)
FAILING = Outcome("failure", RUN, True, errors=1, failing=1, skills=1, next="author", since=NOW.isoformat())
CLEAR = Outcome("success", RUN, False, skills=1, next="maintainer", since=NOW.isoformat())


def waiting(day: int, outcome: Outcome | None = FAILING, **changed: object) -> Waiting:
    """What is known so many days after the last check."""
    facts = Waiting(pull_request(), NOW + timedelta(days=day), outcome)
    return replace(facts, **changed)  # type: ignore[arg-type]


def reminded(day: int) -> OwnComment:
    return OwnComment(9, f"{REMINDER}…", NOW + timedelta(days=day))


IDLE_PULL = pull_request(labels=frozenset({IDLE, "needs-author"}))
CASES = {
    "day_13": waiting(13),
    "day_14": waiting(14),
    "day_15": waiting(15, reminder=reminded(14), pull_request=IDLE_PULL),
    "day_45": waiting(45, reminder=reminded(14), pull_request=IDLE_PULL),
    "day_45_reminded_late": waiting(45, reminder=reminded(40), pull_request=IDLE_PULL),
    "day_60_never_reminded": waiting(60),
    "maintainer_day_14": waiting(14, CLEAR),
    "maintainer_day_90": waiting(90, CLEAR, reminder=reminded(14)),
    "never_checked": waiting(14, None),
    "answered": waiting(
        20, reminder=reminded(14), last_word=NOW + timedelta(days=19), pull_request=IDLE_PULL
    ),
    "silent_again": waiting(
        40, reminder=reminded(14), last_word=NOW + timedelta(days=19), pull_request=IDLE_PULL
    ),
    "reviewed": waiting(14, pull_request=pull_request(reviews=review("CHANGES_REQUESTED"))),
    "draft": waiting(90, CLEAR, pull_request=pull_request(draft=True)),
    "closed_by_hand": waiting(90, pull_request=replace(IDLE_PULL, open=False), reminder=reminded(14)),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_done(name: str) -> None:
    assert_golden(GOLDEN / f"{name}.txt", describe(actions_of_waiting(CASES[name], PATIENCE)))


def test_nothing_is_ever_closed_where_the_settings_say_so() -> None:
    for day in range(14, 400):
        facts = waiting(day, reminder=reminded(14), pull_request=IDLE_PULL)
        assert actions_of_waiting(facts, Patience(14, None)) == ()


@given(st.lists(st.integers(0, 120), max_size=6), st.integers(1, 30), st.integers(0, 60), st.booleans())
def test_nobody_is_closed_who_was_not_told_in_time(
    words: list[int], remind: int, term: int, fails: bool
) -> None:
    """Played day by day: at most one reminder stands, and an end comes only a whole term after a true one."""
    patience = Patience(remind, remind + term)
    facts = waiting(0, FAILING if fails else CLEAR)
    for day in range(120):
        if day in words:
            facts = replace(facts, last_word=NOW + timedelta(days=day))
        facts = replace(facts, now=NOW + timedelta(days=day))
        actions = actions_of_waiting(facts, patience)
        for action in actions:
            match action:
                case WriteComment(body, None):
                    assert facts.reminder is None
                    facts = replace(facts, reminder=OwnComment(day, body, facts.now))
                case RemoveComment(id):
                    assert facts.reminder is not None and facts.reminder.id == id
                    facts = replace(facts, reminder=None)
                case AddLabels(names):
                    pull = replace(facts.pull_request, labels=facts.pull_request.labels | set(names))
                    facts = replace(facts, pull_request=pull)
                case RemoveLabel(name):
                    pull = replace(facts.pull_request, labels=facts.pull_request.labels - {name})
                    facts = replace(facts, pull_request=pull)
                case Close():
                    assert fails and facts.reminder is not None
                    assert facts.now - facts.reminder.at >= timedelta(days=max(term, LEAST_NOTICE))
                    assert facts.now - facts.idle_since >= timedelta(days=remind + term)
                    return
        assert actions_of_waiting(facts, patience) == (), "the same day again does nothing"
