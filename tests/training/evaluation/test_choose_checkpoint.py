"""The choice among checkpoints: learned and kept weigh alike, and of equals the earliest is taken."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed_training.evaluation.choose_checkpoint import CandidateScores, choose_checkpoint, worth


def scores(name: str, fresh: float | None, **old: float) -> CandidateScores:
    return CandidateScores(name, {} if fresh is None else {"new": fresh}, old)


@pytest.mark.parametrize(
    ("candidates", "parent", "chosen"),
    [
        ([scores("a", 0.5), scores("b", 0.9), scores("c", 0.7)], {}, "b"),
        ([scores("a", 0.9), scores("b", 0.9)], {}, "a"),
        ([scores("a", 0.9), scores("b", 0.90001)], {}, "a"),  # no finer than a thousandth
        ([scores("a", 0.8, x=1.0), scores("b", 0.9, x=0.5)], {"x": 1.0}, "a"),  # learned more, forgot more
        ([scores("a", 0.8, x=0.6), scores("b", 0.8, x=1.0)], {"x": 0.6}, "a"),  # a gain is no retention
        ([scores("a", None, x=0.5), scores("b", None, x=0.6)], {"x": 1.0}, "b"),
        (
            [scores("a", 0.5, x=0.0), scores("b", 0.6, x=0.0)],
            {"x": 0.0},
            "b",
        ),  # the parent knew nothing of it
        ([scores("a", None), scores("b", None)], {}, "b"),  # nothing to choose by: the phase's end
    ],
)
def test_which_one(candidates: list[CandidateScores], parent: Mapping[str, float], chosen: str) -> None:
    assert choose_checkpoint(candidates, parent).name == chosen


def test_the_reason_tells_the_figures_of_all() -> None:
    choice = choose_checkpoint([scores("skills-2", 0.75, x=0.9), scores("skills-4", 0.5, x=0.9)], {"x": 0.9})
    assert choice.reason == (
        "skills-2 (learned 0.75, kept 1.00), the best of 2 checkpoints by held-out scores; "
        "beside it skills-4 (learned 0.50, kept 1.00)"
    )


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=6))
def test_no_other_is_worth_more_and_none_before_as_much(figures: list[tuple[float, float]]) -> None:
    candidates = [scores(str(number), fresh, x=old) for number, (fresh, old) in enumerate(figures)]
    parent = {"x": 0.5}
    chosen = int(choose_checkpoint(candidates, parent).name)
    values = [worth(candidate, parent).value for candidate in candidates]
    assert values[chosen] == max(values)
    assert all(value < values[chosen] for value in values[:chosen])
