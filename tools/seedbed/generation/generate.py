"""Making samples: leaves begin as the teacher has room for them, each is stored as soon as it is whole."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable

from seedbed.errors import ConfigurationError, SeedbedError, StoreError, TeacherError
from seedbed.generation.asking import Asker, crew, in_thread
from seedbed.generation.funnel import UNUSABLE, Funnel, Loss, named_causes, total
from seedbed.generation.grow_leaf import LeafGrower, Refusal
from seedbed.generation.knowledge import source_passages
from seedbed.generation.leaf_outcome import LeafOutcome, Outcome
from seedbed.generation.leaf_sources import LeafSource
from seedbed.generation.progress import Progress, Unwatched
from seedbed.generation.recipe import GenerationRecipe, SeedSource
from seedbed.generation.seed_pool import SeedPool
from seedbed.generation.shard import WHOLE, Shard
from seedbed.generation.store import Making, SampleStore
from seedbed.teacher.teacher import Teacher

_log = logging.getLogger(__name__)


def making_of(
    source: LeafSource,
    recipe: GenerationRecipe,
    teacher: Teacher,
    run_seed: int,
    pool: SeedPool | None = None,
) -> Making:
    """What would determine the samples of a leaf; the pool only where the recipe draws from it."""
    assert source.leaf is not None
    pooled = pool is not None and recipe.seeds_from is SeedSource.BRANCH
    return Making.of(
        source.leaf,
        source.document_blobs,
        recipe=recipe.name,
        digest=recipe.digest,
        teacher=teacher.identity,
        seed=run_seed,
        pool=pool.digest(source.leaf) if pool is not None and pooled else "",
    )


async def generate(
    sources: Iterable[LeafSource],
    *,
    recipe: GenerationRecipe,
    teacher: Teacher,
    store: SampleStore,
    run_seed: int = 0,
    in_flight: int | None = None,
    ahead: int | None = None,
    progress: Progress | None = None,
    shard: Shard = WHOLE,
    pool: SeedPool | None = None,
    give_up_after: int = 0,
) -> tuple[LeafOutcome, ...]:
    """Grow and store every leaf that the store does not hold yet; outcomes in the order of `sources`.

    `pool` holds the seeds of all leaves at the commit, for a recipe that draws from whole branches. A leaf whose first
    `give_up_after` attempts are all lost for the teacher's sake is given up (see `patience`); 0 gives up none.

    Sources are taken one by one as the teacher has room for them: while fewer than `ahead` requests are in line behind
    the `in_flight` ones (by default as many as these; more open at a time shortens the end of a short run). At most
    `in_flight` + `ahead` leaves are open, those that are being written among them. A leaf that is refused, cannot be read or breaks stops no other. Raises TeacherError when the teacher is lost and
    StoreError when the store cannot be written; what was stored until then is whole, and the same call goes on from
    there.
    """
    watcher = progress or Unwatched()
    asker = Asker(teacher, in_flight=in_flight, ahead=ahead, on_answer=watcher.answered)
    grower = LeafGrower(recipe, asker, run_seed=run_seed, pool=pool, give_up_after=give_up_after)
    run = _Run(asker, grower, store, run_seed, watcher, pool)
    growing: list[asyncio.Task[LeafOutcome]] = []
    with store.writing(shard):
        async with crew() as group:
            # A leaf that asks has a request in flight or in line: only leaves that wait for a slow disk exceed this.
            leaves = asyncio.Semaphore(asker.in_flight + asker.ahead)
            for place, source in enumerate(sources):
                await leaves.acquire()
                await run.asker.at(place).begin()
                growing.append(group.create_task(run.grow(source, place)))
                growing[-1].add_done_callback(lambda _: leaves.release())
    return tuple(task.result() for task in growing)


def unusable(funnel: Funnel, *, given_up: bool = False) -> str:
    """Why nothing of a leaf should be stored: it was given up, or it gave no sample, and of the attempts that were no
    repeats half or more were lost to answers that could not be used. Stored, it would count as done, and a mended server
    would never be asked again."""
    lost = {loss: funnel.lost.get(loss, 0) for loss in UNUSABLE}
    told = funnel.asked - funnel.lost.get(Loss.REPEATED, 0)  # a repeat may repeat what had no answer
    if not given_up and (funnel.kept or not told or 2 * sum(lost.values()) < told):
        return ""
    named = ", ".join(f"{count:,} {loss}" for loss, count in lost.items() if count)
    causes = f" (requests without an answer: {named_causes(funnel)})" if funnel.unanswered else ""
    if given_up:
        return (
            f"given up after its first {funnel.asked:,} attempts, which had no usable answer: {named}{causes}"
        )
    return f"nothing is stored, since of {funnel.asked:,} attempts none gave a sample: {named}{causes}"


class _Run:
    """What all leaves of a run share."""

    def __init__(
        self,
        asker: Asker,
        grower: LeafGrower,
        store: SampleStore,
        run_seed: int,
        watcher: Progress,
        pool: SeedPool | None,
    ) -> None:
        self.asker = asker
        self._grower = grower
        self._pool = pool
        self._store = store
        self._run_seed = run_seed
        self._watcher = watcher

    async def grow(self, source: LeafSource, place: int) -> LeafOutcome:
        """One leaf, whatever becomes of it."""
        try:
            outcome = await self._outcome(source, place)
        except (TeacherError, StoreError, ConfigurationError):
            raise  # these would end every other leaf as well
        except SeedbedError as error:
            outcome = LeafOutcome(source.name, Outcome.UNREADABLE, error.message)
        except Exception as error:  # noqa: BLE001 it is told and logged, and stops no other leaf
            _log.exception("%s broke", source.name)
            outcome = LeafOutcome(source.name, Outcome.BROKEN, f"{type(error).__name__}: {error}")
        self._watcher.finished(outcome)
        return outcome

    async def _outcome(self, source: LeafSource, place: int) -> LeafOutcome:
        if source.leaf is None:
            return LeafOutcome(source.name, Outcome.UNREADABLE, source.problem or "")
        recipe = self._grower.recipe
        making = making_of(source, recipe, self.asker.teacher, self._run_seed, self._pool)
        stored = self._store.whole(making.key)
        if stored is not None:
            return LeafOutcome(
                source.name, Outcome.STORED, "", stored.key, stored.samples, stored.held_out, stored.funnels
            )
        start = time.monotonic()
        passages = source_passages(source.documents, recipe.passages)
        harvest = await self._grower.grow(
            source.leaf, passages, place=place, on_decided=self._watcher.decided
        )
        if isinstance(harvest, Refusal):
            return LeafOutcome(source.name, Outcome.REFUSED, harvest.reason, by_teacher=harvest.by_teacher)
        if reason := unusable(total(harvest.funnels.values()), given_up=harvest.given_up):
            return LeafOutcome(source.name, Outcome.FAILED, reason, funnels=harvest.funnels)
        written = await in_thread(self._store.write, making, harvest.samples, harvest.funnels)
        return LeafOutcome(
            source.name,
            Outcome.GENERATED,
            "",
            written.key,
            written.samples,
            written.held_out,
            written.funnels,
            time.monotonic() - start,
        )
