"""Which old samples are in the buffer that replay draws from: coverage, the knob beside the share. Pure and seeded.

A rule lives on a few examples of it, but a fact that is not in the buffer is forgotten however much is replayed
(`benchmarks/studies/`, coverage). So facts and exemplars are counted apart: of a knowledge leaf the buffer keeps a
share of the facts, all of them unless a recipe says otherwise; of a skill leaf, so many exemplars.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

from seedbed_training.planning.sample_table import KNOWLEDGE, STAGES, SampleTable

if TYPE_CHECKING:
    from seedbed_training.planning.recipe import ReplayRecipe

_KNOWLEDGE = {STAGES.index(stage) for stage in KNOWLEDGE}


def is_whole(recipe: ReplayRecipe) -> bool:
    """Whether the buffer is simply everything."""
    return (
        recipe.knowledge_coverage == 1.0
        and recipe.samples_per_fact is None
        and recipe.skill_exemplars is None
    )


def buffer_of(leaf: Sequence[int], table: SampleTable, recipe: ReplayRecipe, *, seed: str) -> list[int]:
    """The samples of one leaf, given in the order of drawing, that are in the buffer, in the order of drawing.

    Where a fact has several samples, one of each fact comes before a second one of any. The recipe's minimum per leaf
    is kept whatever the other figures say.
    """
    known = [stage in _KNOWLEDGE for stage in table.stage[leaf].tolist()]
    knowledge = [sample for sample, told in zip(leaf, known, strict=True) if told]
    skills = [sample for sample, told in zip(leaf, known, strict=True) if not told]
    kept = _facts(knowledge, table, recipe, seed) + skills[: recipe.skill_exemplars]
    if len(kept) < recipe.minimum_per_leaf:
        chosen = {*kept}
        missing = [sample for sample in leaf if sample not in chosen]
        kept += missing[: recipe.minimum_per_leaf - len(kept)]
    return kept


def _facts(knowledge: Sequence[int], table: SampleTable, recipe: ReplayRecipe, seed: str) -> list[int]:
    told: dict[int, list[int]] = {}
    for sample, fact in zip(knowledge, table.fact[knowledge].tolist(), strict=True):
        told.setdefault(fact, []).append(sample)
    part = _part(len(told), recipe.knowledge_coverage)
    if part < len(told):
        facts = sorted(
            told
        )  # the choice of facts is the same in every phase and whatever the order of drawing
        random.Random(seed).shuffle(facts)
        kept = {*facts[:part]}
        told = {fact: samples for fact, samples in told.items() if fact in kept}
    rounds = max(map(len, told.values()), default=0)
    if recipe.samples_per_fact is not None:
        rounds = min(rounds, recipe.samples_per_fact)
    return [samples[turn] for turn in range(rounds) for samples in told.values() if turn < len(samples)]


def _part(count: int, share: float) -> int:
    """`share` of `count`, a part of one counting as one; 7 % of 100 is 7, though 100 * 0.07 is a little more."""
    return math.ceil(round(count * share, 9))
