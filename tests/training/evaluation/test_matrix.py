"""The figures of continual learning, against a matrix worked out by hand."""

from __future__ import annotations

import pytest

from seedbed_training.evaluation.matrix import ScoreMatrix

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
