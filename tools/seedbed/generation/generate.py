"""Making samples: every chosen leaf grows at the same time, each is stored as soon as it is whole."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from seedbed.generation.asking import Asker, together
from seedbed.generation.funnel import Funnel, total
from seedbed.generation.grow_leaf import LeafGrower, Refusal
from seedbed.generation.knowledge import source_passages
from seedbed.generation.leaf_sources import LeafSource
from seedbed.generation.recipe import GenerationRecipe
from seedbed.generation.sample import Stage
from seedbed.generation.store import Making, SampleStore
from seedbed.teacher.teacher import Teacher

REQUESTS_PER_LEAF = 16  # requests that a leaf keeps in flight on average: sets how many leaves grow at a time


class Outcome(StrEnum):
    """What became of a leaf."""

    GENERATED = "generated"
    STORED = "already stored"
    REFUSED = "refused"  # the teacher is not trusted with it
    UNREADABLE = "unreadable"  # it is no valid leaf, or its documents cannot be read


@dataclass(frozen=True, slots=True)
class LeafOutcome:
    """One leaf of a run."""

    name: str
    outcome: Outcome
    reason: str = ""
    key: str | None = None
    samples: int = 0
    held_out: int = 0
    funnels: Mapping[Stage, Funnel] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def total(self) -> Funnel:
        return total(self.funnels.values())


class Progress(Protocol):
    """Who watches a run."""

    def answered(self) -> None: ...
    def finished(self, outcome: LeafOutcome) -> None: ...


class Unwatched:
    """Nobody."""

    def answered(self) -> None:
        return

    def finished(self, outcome: LeafOutcome) -> None:
        return


def with_samples(recipe: GenerationRecipe, samples: int) -> GenerationRecipe:
    """The recipe with another target: per leaf for skills, per passage for knowledge; attempts keep their ratio."""
    changed = {}
    for name in ("freeform", "grounded", "knowledge_short", "knowledge_long"):
        stream = getattr(recipe, name)
        ratio = stream.attempts / stream.samples if stream.samples else 4.0
        changed[name] = replace(stream, samples=samples, attempts=max(samples, round(samples * ratio)))
    return replace(recipe, **changed)


def making_of(source: LeafSource, recipe: GenerationRecipe, teacher: Teacher, run_seed: int) -> Making:
    """What would determine the samples of a leaf."""
    assert source.leaf is not None
    return Making.of(
        source.leaf,
        source.document_blobs,
        recipe=recipe.name,
        digest=recipe.digest,
        teacher=teacher.identity,
        seed=run_seed,
    )


async def generate(
    sources: Sequence[LeafSource],
    *,
    recipe: GenerationRecipe,
    teacher: Teacher,
    store: SampleStore,
    run_seed: int = 0,
    in_flight: int | None = None,
    progress: Progress | None = None,
) -> tuple[LeafOutcome, ...]:
    """Grow and store every leaf that the store does not hold yet; outcomes in the order of `sources`.

    A refused or unreadable leaf stops no other. Raises TeacherError when the teacher is lost and StoreError when the
    store cannot be written; what was stored until then is whole, and the same call goes on from there.
    """
    watcher = progress or Unwatched()
    asker = Asker(teacher, in_flight=in_flight, on_answer=watcher.answered)
    grower = LeafGrower(recipe, asker, run_seed=run_seed)
    room = asyncio.Semaphore(1 + asker.in_flight // REQUESTS_PER_LEAF)

    async def one(source: LeafSource) -> LeafOutcome:
        async with room:
            outcome = await _grow_and_store(source, grower, store, teacher, run_seed)
        watcher.finished(outcome)
        return outcome

    with store.writing():
        return tuple(await together(one(source) for source in sources))


async def _grow_and_store(
    source: LeafSource, grower: LeafGrower, store: SampleStore, teacher: Teacher, run_seed: int
) -> LeafOutcome:
    if source.leaf is None:
        return LeafOutcome(source.name, Outcome.UNREADABLE, source.problem or "")
    making = making_of(source, grower.recipe, teacher, run_seed)
    if store.has(making.key):
        stored = store.describe(making.key)
        return LeafOutcome(
            source.name, Outcome.STORED, "", stored.key, stored.samples, stored.held_out, stored.funnels
        )
    start = time.monotonic()
    harvest = await grower.grow(source.leaf, source_passages(source.documents, grower.recipe.passages))
    if isinstance(harvest, Refusal):
        return LeafOutcome(source.name, Outcome.REFUSED, harvest.reason)
    key = store.write(making, harvest.samples, harvest.funnels)
    held_out = sum(sample.held_out for sample in harvest.samples)
    seconds = time.monotonic() - start
    return LeafOutcome(
        source.name, Outcome.GENERATED, "", key, len(harvest.samples), held_out, harvest.funnels, seconds
    )
