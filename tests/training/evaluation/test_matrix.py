"""The figures of continual learning, against a matrix worked out by hand."""

from __future__ import annotations

import dataclasses

import pytest
from support.training_samples import made_manifest

from seedbed.generation.release_manifest import ReleaseManifest, ScoreRecord
from seedbed_training.evaluation.matrix import ScoreMatrix, matrix_of

MATRIX = ScoreMatrix(
    ("one", "two", "three"),
    {
        "one": {"a": 0.8, "b": 0.5, "gone": 0.9},
        "two": {"a": 1.0, "b": 0.5, "c": 0.6},
        "three": {"a": 0.7, "b": 0.4, "c": 0.6, "d": 0.9},
    },
)


def test_figures() -> None:
    assert MATRIX.old_leaves == ("a", "b", "c")
    assert MATRIX.leaves == ("a", "b", "c", "d", "gone")
    assert MATRIX.accuracy == pytest.approx((0.7 + 0.4 + 0.6 + 0.9) / 4)
    assert MATRIX.backward_transfer == pytest.approx((-0.1 - 0.1 + 0.0) / 3)
    assert MATRIX.forgetting == pytest.approx((0.3 + 0.1 + 0.0) / 3)
    assert MATRIX.worst_leaf_retention == ("b", pytest.approx(0.8))


def test_a_first_release_forgets_nothing() -> None:
    first = ScoreMatrix(("one",), {"one": {"a": 0.8}})
    assert first.old_leaves == ()
    assert first.forgetting == first.backward_transfer == 0
    assert first.worst_leaf_retention is None


def test_a_leaf_that_never_scored_has_no_retention() -> None:
    matrix = ScoreMatrix(("one", "two"), {"one": {"a": 0.0}, "two": {"a": 0.5}})
    assert matrix.worst_leaf_retention is None


def test_intervals_hold_their_figures_and_few_leaves_have_none() -> None:
    for figure, interval in (
        (MATRIX.accuracy, MATRIX.accuracy_interval),
        (MATRIX.backward_transfer, MATRIX.backward_transfer_interval),
        (MATRIX.forgetting, MATRIX.forgetting_interval),
    ):
        assert interval is not None
        assert interval[0] < figure < interval[1]
    few = ScoreMatrix(("one", "two"), {"one": {"a": 0.5, "b": 0.5}, "two": {"a": 0.5, "b": 0.4}})
    assert few.accuracy_interval is few.backward_transfer_interval is None


def test_scores_of_different_measures_are_not_compared() -> None:
    def release(name: str, parent: str | None, measure: str, score: float) -> ReleaseManifest:
        records = (
            ScoreRecord("a/one", score, 0.0, 1.0, 4, measure=measure),
            ScoreRecord("a/two", score, 0.0, 1.0, 4, measure="exact match"),
        )
        return dataclasses.replace(
            made_manifest(["a/one", "a/two"], name=name, parent=parent), scores=records
        )

    matrix = matrix_of([release("r1", None, "telling F1", 0.9), release("r2", "r1", "judge m@1", 0.4)])
    assert matrix.unlike == {"a/one"}
    assert matrix.old_leaves == ("a/two",)
    assert matrix.accuracy == pytest.approx(0.4)
    assert matrix.backward_transfer == pytest.approx(-0.5)
