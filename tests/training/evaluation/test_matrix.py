"""The figures of continual learning, against a matrix worked out by hand."""

from __future__ import annotations

import dataclasses

import pytest
from support.training_samples import made_manifest

from seedbed.generation.release_manifest import ReleaseManifest, Role, ScoreRecord
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


def test_leaves_that_are_all_alike_have_no_interval() -> None:
    row = {"a": 1.0, "b": 1.0, "c": 1.0}
    alike = ScoreMatrix(("one", "two"), {"one": row, "two": row})
    assert alike.backward_transfer == 0.0
    assert alike.backward_transfer_interval is alike.accuracy_interval is alike.forgetting_interval is None


def test_the_gap_to_joint_counts_the_leaves_that_both_know() -> None:
    assert MATRIX.gap_to_joint({"a": 0.9, "b": 0.9, "gone": 0.1}) == pytest.approx((0.2 + 0.5) / 2)
    assert MATRIX.gap_to_joint({}) == 0.0


def release(name: str, scores: dict[str, float], *, fresh: str = "", **before: float) -> ReleaseManifest:
    """A release that teaches the leaves of `fresh` and keeps the others; `before` has `parent` and `base`."""
    roles = {leaf: Role.FRESH if leaf in fresh.split() else Role.REPLAYED for leaf in scores}
    records = tuple(
        ScoreRecord(leaf, score, 0.0, 1.0, 4, measure="exact match", **before)
        for leaf, score in scores.items()
    )
    return dataclasses.replace(made_manifest(scores, name=name, roles=roles), scores=records)


def test_scores_of_different_measures_are_not_compared() -> None:
    first = release("r1", {"one": 0.9, "two": 0.9}, fresh="one two")
    second = release("r2", {"one": 0.4, "two": 0.4})
    judged = dataclasses.replace(second.scores[0], measure="judge m@1")
    matrix = matrix_of([first, dataclasses.replace(second, scores=(judged, second.scores[1]))])
    assert matrix.unlike == {"one"}
    assert matrix.old_leaves == ("two",)
    assert matrix.accuracy == pytest.approx(0.4)
    assert matrix.backward_transfer == pytest.approx(-0.5)


def test_a_leaf_that_is_taught_anew_begins_anew() -> None:
    """Edited or grown again it is asked other questions; what it scored on those before is no measure of forgetting."""
    matrix = matrix_of(
        [
            release("r1", {"edited": 0.9, "steady": 0.8}, fresh="edited steady"),
            release("r2", {"edited": 0.5, "steady": 0.8}, fresh="edited"),
            release("r3", {"edited": 0.4, "steady": 0.7}),
        ]
    )
    assert matrix.old_leaves == ("edited", "steady")
    assert matrix.backward_transfer == pytest.approx((-0.1 - 0.1) / 2)
    assert matrix.forgetting == pytest.approx((0.1 + 0.1) / 2)
    assert matrix.worst_leaf_retention == ("edited", pytest.approx(0.8))
    assert list(matrix.earlier("edited", 1)) == []
    assert list(matrix.earlier("steady", 2)) == [0.8, 0.8]


def test_a_leaf_that_was_just_taught_anew_is_not_old() -> None:
    first, second = (
        release("r1", {"a": 0.9, "b": 1.0}, fresh="a b"),
        release("r2", {"a": 0.2, "b": 1.0}, fresh="a"),
    )
    assert matrix_of([first, second]).old_leaves == ("b",)
    judged = dataclasses.replace(second, scores=(dataclasses.replace(second.scores[0], measure="judge m@1"),))
    assert matrix_of([first, judged]).unlike == frozenset()  # there is nothing that it could be compared with


def test_forward_transfer_is_of_leaves_that_no_release_had_taught() -> None:
    matrix = matrix_of(
        [
            release("r1", {"a": 0.9}, fresh="a", base=0.1),
            release("r2", {"a": 0.9, "new": 0.8}, fresh="a new", parent=0.5, base=0.2),
            release("r3", {"a": 0.9, "new": 0.8}, fresh="new", parent=0.9, base=0.1),
        ]
    )
    assert matrix.before == {"new": (0.5, 0.2)}
    assert matrix.forward_transfer == pytest.approx(0.3)
    assert matrix_of([release("r1", {"a": 0.9}, fresh="a", parent=0.5, base=0.1)]).forward_transfer is None
