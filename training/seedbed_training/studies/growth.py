"""One arm of a study on generation: leaves of list skills, grown by the sandbox teacher from seeds of one source.

What a question asks for is read off its wording by the rules that made the teacher's lessons, so that both the leaf
that it was counted for and the task that it really poses are known, and whether its answer is right.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from seedbed.errors import TrainingError
from seedbed.generation.asking import Asker, crew
from seedbed.generation.diversity import diversity
from seedbed.generation.grow_leaf import Harvest, LeafGrower, Refusal
from seedbed.generation.read_recipe import load_recipe
from seedbed.generation.recipe import ExemplarPlace, GenerationRecipe, SeedSource
from seedbed.generation.sample import Sample
from seedbed.generation.seed_pool import SeedPool
from seedbed.taxonomy.leaf import Kind, Leaf, QuestionAnswer, SeedExample
from seedbed.teacher.open_teacher import SANDBOX, open_teacher, parse_teacher
from seedbed.teacher.teacher import Teacher
from seedbed_training.sandbox.family import draw_case
from seedbed_training.sandbox.list_families import LIST_FAMILIES, RULES
from seedbed_training.studies.arm import Report
from seedbed_training.studies.worlds import blob_of, skill_name

Source = Literal["leaf", "branch", "one leaf"]
"""Whose seeds a prompt shows: the leaf's own, those of all leaves, or for every leaf those of the first one."""

ELSE = "something else"


@dataclass(frozen=True, slots=True)
class Growth:
    """One arm; equal ones give equal samples."""

    seed: int
    seed_examples: Mapping[str, int]
    """Leaves by list family, with how many seed examples each has."""
    source: Source
    samples: int  # accepted ones asked for, of each leaf
    attempts: int  # at most, of each leaf

    @property
    def work(self) -> float:
        """Attempts."""
        return float(self.attempts * len(self.seed_examples))

    def take(self, report: Report) -> tuple[Crop, ...]:
        """Grow every leaf."""
        return (grow(self, report),)


@dataclass(frozen=True, slots=True)
class Crop:
    """What an arm gave."""

    tasks: Mapping[str, Mapping[str, int]]
    """Accepted samples by leaf, then by the family whose task they really pose, or `ELSE`."""
    right: Mapping[str, int]
    """Of these, by leaf, those that are answered as their family's rule says."""
    asked: int
    distinct_2: float  # over the samples of all leaves together
    nearest_distance: float
    compression_ratio: float
    seconds: float

    @property
    def score(self) -> float:
        """The share of accepted samples that pose the task of their leaf."""
        own = sum(found.get(leaf, 0) for leaf, found in self.tasks.items())
        return own / max(1, sum(sum(found.values()) for found in self.tasks.values()))


def grow(growth: Growth, report: Report) -> Crop:
    """Deterministic: the teacher's answers follow from the seeds of requests."""
    began = time.monotonic()
    leaves = {family: _leaf(family, count, growth.seed) for family, count in growth.seed_examples.items()}
    recipe = _recipe(growth)
    teacher = open_teacher(parse_teacher(SANDBOX))
    harvests = asyncio.run(_grow_all(leaves, recipe, teacher, _pool(growth, leaves, recipe), growth.seed))
    tasks, right, kept = {}, {}, list[Sample]()
    for family, harvest in harvests.items():
        made = [sample for sample in harvest.samples if sample.provenance.teacher == teacher.identity]
        posed = [task_of(sample.question) for sample in made]
        tasks[family] = Counter(name for name, _ in posed)
        right[family] = sum(answer == sample.answer for (_, answer), sample in zip(posed, made, strict=True))
        report(f"{family}: {len(made)} accepted, {tasks[family][family]} of them of its own task")
        kept += made
    spread = diversity(kept)
    return Crop(
        tasks={family: dict(found) for family, found in tasks.items()},
        right=right,
        asked=sum(harvest.total.asked for harvest in harvests.values()),
        distinct_2=spread.distinct_2 if spread else 0.0,
        nearest_distance=spread.nearest_distance if spread else 0.0,
        compression_ratio=spread.compression_ratio if spread else 0.0,
        seconds=time.monotonic() - began,
    )


def task_of(question: str) -> tuple[str, str | None]:
    """The family whose task a question poses, with the right answer; `ELSE` and None where it poses none of them."""
    for family, (rule, wordings, lengths) in RULES.items():
        for wording in wordings:
            before, after = wording.split("{}")
            found = re.fullmatch(re.escape(before) + r"(.+?)" + re.escape(after), question.strip())
            words = found[1].split(", ") if found else []
            if len(words) in lengths and all(re.fullmatch(r"\w+(?: \w+)?", word) for word in words):
                return family, rule(words)
    return ELSE, None


def _leaf(family: str, count: int, seed: int) -> Leaf:
    """A leaf of `count` seed examples, no two alike."""
    random = Random(f"{seed}/{family}/seeds")
    cases: dict[str, str] = {}
    while len(cases) < count:
        case = draw_case(LIST_FAMILIES[family], random)
        cases[case.question] = case.answer
    name = skill_name(family)
    return Leaf(
        name=name,
        kind=Kind.FREEFORM,
        version=1,
        created_by="studies",
        task_description=f"The list skill {family}.",
        seed_examples=tuple(SeedExample((QuestionAnswer(*case),)) for case in cases.items()),
        blob=blob_of(name),
    )


def _recipe(growth: Growth) -> GenerationRecipe:
    """The sandbox's own; answers are asked for without an example in every arm, since a pool has none of the same task."""
    recipe = load_recipe("sandbox")
    stream = recipe.freeform
    freeform = replace(
        stream,
        samples=growth.samples,
        attempts=growth.attempts,
        answer=replace(stream.answer, exemplar=ExemplarPlace.NONE),
    )
    source = SeedSource.LEAF if growth.source == "leaf" else SeedSource.BRANCH
    return replace(recipe, freeform=freeform, seeds_from=source)


def _pool(growth: Growth, leaves: Mapping[str, Leaf], recipe: GenerationRecipe) -> SeedPool | None:
    if growth.source == "leaf":
        return None
    shown = [*leaves.values()][: 1 if growth.source == "one leaf" else None]
    return SeedPool.of(shown, held_out=recipe.held_out.seeds)


async def _grow_all(
    leaves: Mapping[str, Leaf],
    recipe: GenerationRecipe,
    teacher: Teacher,
    pool: SeedPool | None,
    seed: int,
) -> dict[str, Harvest]:
    asker = Asker(teacher)
    grower = LeafGrower(recipe, asker, run_seed=seed, pool=pool)
    async with crew() as group:
        growing = {
            family: group.create_task(grower.grow(leaf, (), place=place))
            for place, (family, leaf) in enumerate(leaves.items())
        }
    harvests = {family: task.result() for family, task in growing.items()}
    refused = [f"{family}: {one.reason}" for family, one in harvests.items() if isinstance(one, Refusal)]
    if refused:
        raise TrainingError(
            f"the teacher is not trusted with {'; '.join(refused)}",
            hint="a study grows leaves that its teacher can; take another family or seed",
        )
    return {family: one for family, one in harvests.items() if isinstance(one, Harvest)}
