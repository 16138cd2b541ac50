"""Workflows played from event to comment, in fresh clones of real repositories, with a forge that answers over HTTP.

The golden files hold what a person would see: verdict, annotations, summary, calls, labels, comment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.golden import assert_golden
from support.workflows import events
from support.workflows.stage import CAPITALS, RIVERS, Stage, leaf, stage, without

GOLDEN = Path(__file__).parent / "golden"
MOVED = "taxonomy/compositional_skills/countries/capitals"


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path) as found:
        yield found


def pull_request_from_a_fork(stage: Stage) -> str:
    """A leaf with a misspelt key."""
    stage.begin()
    checked = stage.run("check", stage.propose(leaf(RIVERS, broken=True)))
    return stage.told(checked, stage.publish(checked))


def push_that_mends_it(stage: Stage) -> str:
    """The same pull request after its next push: the comment is edited, the labels follow."""
    stage.begin()
    checked = stage.run("check", stage.propose(leaf(RIVERS, broken=True)))
    stage.publish(checked)
    checked = stage.run("check", stage.propose(leaf(RIVERS)))
    return stage.told(checked, stage.publish(checked))


def deleted_leaf(stage: Stage) -> str:
    stage.begin()
    checked = stage.run("check", stage.propose(without(CAPITALS)))
    return stage.told(checked, stage.publish(checked))


def renamed_leaf(stage: Stage) -> str:
    stage.begin()
    checked = stage.run("check", stage.propose(without(CAPITALS) | leaf(MOVED, "Asia")))
    return stage.told(checked, stage.publish(checked))


def merge_queue(stage: Stage) -> str:
    """The queue's own commit is checked against what it is merged into; nothing is said on the pull request."""
    stage.begin()
    stage.propose(leaf(RIVERS, broken=True))
    stage.refer("refs/heads/gh-readonly-queue/main/pr-7-" + stage.base, stage.merge)
    checked = stage.run("check", events.merge_group(stage.merge, stage.base))
    return stage.told(checked, stage.publish(checked))


def shallow_1(stage: Stage) -> str:
    """A checkout of one commit: what the pull request changes cannot be seen, and both log and comment say so."""
    stage.begin()
    checked = stage.run("check", stage.propose(leaf(RIVERS, broken=True)), fetch_depth=1)
    return stage.told(checked, stage.publish(checked))


def shallow_2(stage: Stage) -> str:
    """Two commits are enough for a pull request."""
    stage.begin()
    checked = stage.run("check", stage.propose(leaf(RIVERS, broken=True)), fetch_depth=2)
    return stage.told(checked, stage.publish(checked))


def first_pull_request_ever(stage: Stage) -> str:
    """There is no taxonomy yet, and the author has never been here."""
    stage.begin({"README.md": "Soon.\n"})
    event = stage.propose(leaf(RIVERS), association="FIRST_TIME_CONTRIBUTOR")
    checked = stage.run("check", event)
    return stage.told(checked, stage.publish(checked))


def many_leaves(stage: Stage) -> str:
    """500 new leaves, every fiftieth with a fault."""
    stage.begin()
    files = {}
    for number in range(500):
        folder = f"taxonomy/compositional_skills/rivers/r{number:03}"
        files |= leaf(folder, f"Country{number}", broken=number % 50 == 0)
    checked = stage.run("check", stage.propose(files))
    return stage.told(checked, stage.publish(checked))


def no_leaf(stage: Stage) -> str:
    """A pull request that touches no leaf."""
    stage.begin()
    checked = stage.run("check", stage.propose({"notes.md": "A note.\n"}))
    return stage.told(checked, stage.publish(checked))


CASES = [
    pull_request_from_a_fork,
    push_that_mends_it,
    deleted_leaf,
    renamed_leaf,
    merge_queue,
    shallow_1,
    shallow_2,
    first_pull_request_ever,
    many_leaves,
    no_leaf,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_event(case: Callable[[Stage], str], played: Stage) -> None:
    assert_golden(GOLDEN / f"{case.__name__}.txt", case(played))
