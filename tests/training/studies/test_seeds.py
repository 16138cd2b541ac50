"""The study of seeds: what a question asks for is read off it, and a real, small harvest of the sandbox's teacher."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random

import pytest

from seedbed_training.sandbox.family import draw_case
from seedbed_training.sandbox.list_families import LIST_FAMILIES
from seedbed_training.studies import seeds
from seedbed_training.studies.growth import ELSE, Crop, Growth, Source, task_of
from seedbed_training.studies.study import Results

FAMILIES = {"backwards": 5, "bullets": 5}


@pytest.mark.parametrize("family", LIST_FAMILIES)
def test_the_task_of_a_question_is_read_off_it(family: str) -> None:
    random = Random(family)
    for _ in range(50):
        case = draw_case(LIST_FAMILIES[family], random)
        assert task_of(case.question) == (family, case.answer)


@pytest.mark.parametrize(
    "question",
    [
        "Write a poem",
        "Write these words backwards: lamp",  # one word is no list
        "Write these words backwards: lamp, , stone",
        "Write these words backwards: lamp, stone, bell and more words that are none",
    ],
)
def test_what_poses_none_of_the_tasks(question: str) -> None:
    assert task_of(question) == (ELSE, None)


@pytest.mark.parametrize("source", seeds.ARMS)
def test_a_harvest_follows_the_seeds_that_are_shown(source: Source) -> None:
    growth = Growth(0, FAMILIES, source, samples=4, attempts=16)
    said: list[str] = []
    (crop,) = growth.take(said.append)
    assert len(said) == 2
    posed = {task for found in crop.tasks.values() for task in found}
    if source == "leaf":
        assert crop.tasks == {"backwards": {"backwards": 4}, "bullets": {"bullets": 4}}
        assert crop.right == {"backwards": 4, "bullets": 4}
        assert crop.score == 1.0
        assert replace(growth.take(said.append)[0], seconds=0.0) == replace(crop, seconds=0.0)
    if source == "branch":
        assert crop.score < 1.0
    if source == "one leaf":
        assert posed == {"backwards"}


def crop(tasks: Mapping[str, Mapping[str, int]]) -> Crop:
    right = {leaf: sum(found.values()) for leaf, found in tasks.items()}
    return Crop(tasks, right, 100, distinct_2=0.5, nearest_distance=0.6, compression_ratio=4.0, seconds=1.0)


def results(bound: Mapping[str, Mapping[str, int]]) -> Results[Crop]:
    own = {leaf: {leaf: 10} for leaf in seeds.LEAVES}
    pooled = {leaf: {"phrase": 8, "bullets": 2} for leaf in seeds.LEAVES}
    return {"leaf": {0: [crop(own)]}, "branch": {0: [crop(pooled)]}, "one leaf": {0: [crop(bound)]}}


def test_the_figures_of_the_study() -> None:
    found = seeds.conclude(results({leaf: {"backwards": 10} for leaf in seeds.LEAVES}))
    assert found.invalid == ()
    figures = found.figures
    assert figures["own task: leaf"] == figures["coverage: leaf"] == figures["rarest task: leaf"] == 1.0
    assert figures["evenness: leaf"] == pytest.approx(1.0)
    assert figures["own task: branch"] == pytest.approx(10 / 80)
    assert figures["coverage: branch"] == pytest.approx(2 / 8)
    assert figures["rarest task: branch"] == 0.0
    assert figures["evenness: one leaf"] == 0.0


def test_a_bound_that_does_not_collapse_makes_the_study_invalid() -> None:
    found = seeds.conclude(results({leaf: {leaf: 10} for leaf in seeds.LEAVES}))
    assert "the lower bound (seeds of one leaf alone)" in found.invalid[0]
