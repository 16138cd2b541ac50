"""Which recipe samples were made by: found again by its digest, wherever it is now."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial

from seedbed.errors import SeedbedError
from seedbed.generation.funnel import Funnel
from seedbed.generation.project import Project
from seedbed.generation.read_recipe import load_recipe
from seedbed.generation.recipe import GenerationRecipe, with_samples
from seedbed.generation.recipe_record import recorded_recipe
from seedbed.generation.sample import Stage
from seedbed.generation.store_files import open_store_files

MOST_SAMPLES = 100_000
"""Of a leaf or passage, the most that is looked for."""


def find_recipe(
    project: Project, name: str, digest: str, funnels: Mapping[Stage, Funnel], *, flag: str | None = None
) -> GenerationRecipe | None:
    """The recipe of this digest: the one that the store keeps, or the one that `flag` (a name or path) or the settings
    name, or the shipped one of this name, if that is still the same. Raises ConfigurationError for a `flag` that cannot
    be read.

    `--samples` makes another recipe of the same file: its number, which old records lack, is found from what was wanted.
    """
    recorded = recorded_recipe(open_store_files(project.store.url), digest)
    if recorded is not None:
        return recorded
    for recipe in _candidates(project, name, flag):
        if recipe.digest == digest:
            return recipe
        for samples in _targets(funnels):
            if (resized := with_samples(recipe, samples)).digest == digest:
                return resized
    return None


def _candidates(project: Project, name: str, flag: str | None) -> Iterator[GenerationRecipe]:
    if flag is not None:
        yield load_recipe(flag)
    for candidate in (partial(project.recipe, None, None), partial(load_recipe, name)):
        try:
            yield candidate()
        except SeedbedError:
            continue  # not here any more: the other may be


def _targets(funnels: Mapping[Stage, Funnel]) -> list[int]:
    """What `--samples` may have been: a skill wants it once, knowledge once for every passage, and so a multiple."""
    wanted = math.gcd(*(funnel.wanted for funnel in funnels.values()))
    return [samples for samples in range(1, min(wanted, MOST_SAMPLES) + 1) if wanted % samples == 0]
