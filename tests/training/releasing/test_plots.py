"""The card's pictures: names that tell leaves apart, very many leaves, equal bytes for equal facts."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from support.training_samples import made_manifest

from seedbed.generation.release_manifest import ScoreRecord
from seedbed_training.evaluation.matrix import ScoreMatrix
from seedbed_training.releasing.plots.figure import short_names
from seedbed_training.releasing.plots.matrix import draw_matrix
from seedbed_training.releasing.plots.scores import draw_scores


def size(picture: Path) -> tuple[int, int]:
    header = picture.read_bytes()[16:24]
    return int.from_bytes(header[:4]), int.from_bytes(header[4:])


def test_names_are_as_short_as_they_can_be_told_apart() -> None:
    leaves = ["knowledge/a/b/velm", "knowledge/c/b/velm", "compositional_skills/cards/tag", "top", "x/y"]
    assert short_names(leaves) == {
        "knowledge/a/b/velm": "a/b/velm",
        "knowledge/c/b/velm": "c/b/velm",
        "compositional_skills/cards/tag": "cards/tag",
        "top": "top",
        "x/y": "x/y",
    }


def test_thousands_of_leaves_give_a_picture_of_bounded_size(tmp_path: Path) -> None:
    leaves = [f"knowledge/topic_{number % 40}/leaf_{number}" for number in range(2000)]
    scores = tuple(ScoreRecord(leaf, 0.9, 0.8, 1.0, 10, 0.0, 0.95) for leaf in leaves)
    manifest = dataclasses.replace(made_manifest(leaves), scores=scores)
    draw_scores(manifest, tmp_path / "scores.png")
    assert size(tmp_path / "scores.png")[1] < 3500
    row = dict.fromkeys(leaves, 0.9)
    draw_matrix(ScoreMatrix(("one", "two"), {"one": row, "two": row}), tmp_path / "matrix.png")
    assert size(tmp_path / "matrix.png")[1] < 3500


def test_equal_facts_give_equal_bytes(tmp_path: Path) -> None:
    matrix = ScoreMatrix(("one", "two"), {"one": {"a/b": 1.0}, "two": {"a/b": 0.5, "a/c": 0.7}})
    for name in ("first.png", "second.png"):
        draw_matrix(matrix, tmp_path / name)
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()
