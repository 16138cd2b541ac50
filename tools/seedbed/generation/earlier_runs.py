"""How attempts went before, in this store: what an estimate of the next run is best made from."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from seedbed.config import TeacherSettings
from seedbed.errors import StoreError
from seedbed.generation.estimate import Pace
from seedbed.generation.funnel import Funnel, total
from seedbed.generation.recipe import GenerationRecipe
from seedbed.generation.sample import Stage
from seedbed.generation.store import SampleStore, StoredLeaf
from seedbed.teacher.teacher import TeacherIdentity

LOOKED_AT = 300  # records; keys are digests, so that the first of them are a fair choice
_SAME_ENGINE = {"ray": "vllm"}  # its teachers have the name of a single engine

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EarlierRuns:
    """Leaves that a recipe of this name and a teacher have grown, and how their attempts went, stage by stage."""

    leaves: int
    accepted: float  # of all attempts
    paces: Mapping[Stage, Pace]


def earlier_runs(
    store: SampleStore, recipe: GenerationRecipe, teacher: TeacherSettings
) -> EarlierRuns | None:
    """What the store knows of this recipe and teacher; None when it holds nothing of theirs.

    Where the recipe itself, to the last figure, has grown nothing yet, others of its name count.
    """
    entries = sorted(store.catalogue(), key=lambda entry: (entry.recipe_digest != recipe.digest, entry.key))
    made = [
        stored
        for entry in entries[:LOOKED_AT]
        if (stored := _described(store, entry.key)) is not None
        and stored.making.recipe == recipe.name
        and _is_same(stored.making.teacher, teacher)
    ]
    exactly = [stored for stored in made if stored.making.recipe_digest == recipe.digest]
    return _summed(exactly or made)


def _described(store: SampleStore, key: str) -> StoredLeaf | None:
    try:
        return store.describe(key)
    except StoreError as error:
        _log.info("%s: not counted", error)
        return None


def _is_same(identity: TeacherIdentity, settings: TeacherSettings) -> bool:
    """Whether settings name a teacher that made something, as far as can be told without asking it."""
    backend = _SAME_ENGINE.get(settings.backend, settings.backend)
    return identity.backend == backend and identity.model in (settings.model, Path(settings.model).name)


def _summed(made: list[StoredLeaf]) -> EarlierRuns | None:
    by_stage: dict[Stage, Funnel] = {}
    for stored in made:
        for stage, funnel in stored.funnels.items():
            by_stage[stage] = by_stage.get(stage, Funnel()) + funnel
    asked = {stage: funnel for stage, funnel in by_stage.items() if funnel.asked}
    if not asked:
        return None
    paces = {
        stage: Pace(funnel.kept / funnel.asked, funnel.requests / funnel.asked)
        for stage, funnel in asked.items()
    }
    all_of_it = total(asked.values())
    return EarlierRuns(len(made), all_of_it.kept / all_of_it.asked, paces)
