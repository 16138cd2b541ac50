"""What a dry run says, held against what runs then ask for."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from support.scripted_teacher import ScriptedTeacher
from support.small_taxonomy import small_taxonomy

from seedbed.config import TeacherSettings
from seedbed.generation.earlier_runs import EarlierRuns, earlier_runs
from seedbed.generation.estimate import (
    ASSUMED,
    BEST,
    WORST,
    Assumed,
    Course,
    Estimate,
    LeafCourse,
    Pace,
    leaf_course,
)
from seedbed.generation.generate import generate
from seedbed.generation.knowledge import source_passages
from seedbed.generation.leaf_sources import read_sources
from seedbed.generation.read_recipe import load_recipe
from seedbed.generation.recipe import GenerationRecipe, with_samples
from seedbed.generation.sample import Stage
from seedbed.generation.store import SampleStore
from seedbed.taxonomy.repository import Repository
from seedbed.teacher.teacher import Request

SCRIPTED = TeacherSettings(backend="scripted", model="scripted")


@pytest.fixture
def recipe() -> GenerationRecipe:
    return with_samples(load_recipe("sandbox"), 20)


def poor(request: Request) -> str | None:
    """Every fourth answer is of no use, but in the entrance examination."""
    return f"nothing {request.seed}" if request.temperature and request.seed % 4 == 0 else None


class Grown:
    """The small taxonomy, what estimates say of it, and what a run asks for."""

    def __init__(self, folder: Path, recipe: GenerationRecipe) -> None:
        small_taxonomy(folder / "repository")
        repository = Repository.open(folder / "repository")
        self.store = SampleStore.open(folder / "store")
        self._sources = read_sources(repository, commit=repository.head(), taxonomy_root="taxonomy")
        self._recipe = recipe

    @property
    def courses(self) -> list[LeafCourse]:
        return [
            leaf_course(source.leaf, source_passages(source.documents, self._recipe.passages), self._recipe)
            for source in self._sources
            if source.leaf is not None
        ]

    def requests(self, pace: Pace, earlier: EarlierRuns | None = None) -> int:
        estimates = (course.at(pace, earlier.paces if earlier else None) for course in self.courses)
        return sum(estimates, Estimate()).requests

    def run(self, teacher: ScriptedTeacher) -> int:
        asyncio.run(generate(self._sources, recipe=self._recipe, teacher=teacher, store=self.store))
        return len(teacher.requests)


@pytest.mark.parametrize("teacher", [ScriptedTeacher, lambda: ScriptedTeacher(override=poor)])
def test_a_run_asks_for_as_much_as_was_said_and_the_next_is_told_closely(
    tmp_path: Path, recipe: GenerationRecipe, teacher: type[ScriptedTeacher]
) -> None:
    grown = Grown(tmp_path, recipe)
    assert earlier_runs(grown.store, recipe, SCRIPTED) is None
    asked = grown.run(teacher())
    assert grown.requests(BEST) <= asked <= grown.requests(WORST)
    earlier = earlier_runs(grown.store, recipe, SCRIPTED)
    assert earlier is not None and earlier.leaves == 3
    assert grown.requests(BEST, earlier) == pytest.approx(asked, rel=0.1)


def test_only_what_this_recipe_and_teacher_made_counts(tmp_path: Path, recipe: GenerationRecipe) -> None:
    grown = Grown(tmp_path, recipe)
    grown.run(ScriptedTeacher())
    assert earlier_runs(grown.store, recipe, TeacherSettings(backend="scripted", model="another")) is None
    assert earlier_runs(grown.store, recipe, TeacherSettings(backend="openai", model="scripted")) is None
    assert earlier_runs(grown.store, load_recipe("lab"), SCRIPTED) is None
    assert earlier_runs(grown.store, with_samples(recipe, 30), SCRIPTED) is not None  # for want of its own


def test_fewer_accepted_is_more_attempts_as_many_as_there_may_be_at_most() -> None:
    course = Course(
        Stage.COMPOSITIONAL, wanted=10, budget=40, steps=4, prompt_tokens=100, completion_tokens=20
    )
    assert course.at(BEST) == Estimate(40, 1000, 200)
    assert course.at(Pace(0.5)) == Estimate(80, 2000, 400)
    assert course.at(Pace(0.5, 2.0)) == Estimate(40, 1000, 200)
    assert course.at(Assumed(0.5)) == Estimate(60, 1500, 300)
    assert course.at(Pace(0.01)) == course.at(WORST) == Estimate(160, 4000, 800)


def test_where_no_number_is_wanted_all_attempts_are_made() -> None:
    course = Course(Stage.KNOWLEDGE_LONG, wanted=0, budget=5, steps=2, prompt_tokens=10, completion_tokens=4)
    assert course.at(BEST) == course.at(WORST) == Estimate(10, 50, 20)
    assert course.at(Assumed(ASSUMED)).requests == 8
