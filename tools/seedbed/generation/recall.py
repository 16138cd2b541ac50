"""A leaf grown again from the journal alone: nothing is asked, every answer that was paid for is there to be looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from seedbed.generation.asking import Asker
from seedbed.generation.grow_leaf import Harvest, LeafGrower
from seedbed.generation.knowledge import source_passages
from seedbed.generation.leaf_sources import LeafSource
from seedbed.generation.recipe import GenerationRecipe
from seedbed.generation.seed_pool import SeedPool
from seedbed.generation.task import Task
from seedbed.generation.unanswered import Trouble, Troubles
from seedbed.teacher.journal import request_key
from seedbed.teacher.journal_file import JournalFile
from seedbed.teacher.teacher import Completion, FinishReason, Request, TeacherIdentity

_ABSENT = Completion("", FinishReason.FAILED, 0, 0, "not in the journal")


class RecallingTeacher:
    """A teacher that only remembers: what no journal holds fails, and is counted in `missing`."""

    concurrency = 64

    def __init__(self, identity: TeacherIdentity, journals: Sequence[JournalFile]) -> None:
        self.identity = identity
        self.missing = 0
        self.exchanges: list[tuple[Request, Completion]] = []
        self._journals = journals

    async def complete(self, request: Request) -> Completion:
        """The answer on record; FAILED where there is none."""
        key = request_key(self.identity, request)
        found = next(filter(None, (journal.get(key) for journal in self._journals)), None)
        if found is None:
            self.missing += 1
            return _ABSENT
        self.exchanges.append((request, found))
        return found

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """None: what a model could read was decided before anything was stored."""
        return ()

    async def close(self) -> None:
        return


@dataclass(frozen=True, slots=True)
class Recalled:
    """What a leaf's growth was: `harvest` None when it was refused, `missing` answers that no journal holds any more."""

    harvest: Harvest | None
    tasks: tuple[Task, ...]
    exchanges: tuple[tuple[Request, Completion], ...] = field(repr=False)
    missing: int

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """Why requests of it had no answer, the commonest cause first."""
        return Troubles(completion for _, completion in self.exchanges).commonest()


def recall(
    source: LeafSource,
    *,
    recipe: GenerationRecipe,
    teacher: TeacherIdentity,
    run_seed: int,
    folder: Path,
    pool: SeedPool | None = None,
) -> Recalled:
    """Grow a leaf again from the journals in `folder`; `pool` for a recipe that draws from whole branches. Raises StoreError when one is in use or damaged."""
    assert source.leaf is not None
    with ExitStack() as stack:
        journals = [JournalFile.open_to_read(path) for path in sorted(folder.glob("journal*.sqlite"))]
        for journal in journals:
            stack.callback(journal.close)
        remembering = RecallingTeacher(teacher, journals)
        grower = LeafGrower(recipe, Asker(remembering), run_seed=run_seed, pool=pool)
        passages = source_passages(source.documents, recipe.passages)
        tasks = grower.tasks(source.leaf, passages)
        harvest = asyncio.run(grower.grow(source.leaf, passages))
    return Recalled(
        harvest if isinstance(harvest, Harvest) else None,
        tasks,
        tuple(remembering.exchanges),
        remembering.missing,
    )
