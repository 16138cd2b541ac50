"""Which samples of what was taught before come back, and how often: pure, seeded, and never above the budget.

A pool is one leaf's samples in a seeded order. Drawing goes round that order, and goes on in the next phase where it
stopped, so that no sample comes back twice before every other one of its leaf came back once: a rule survives on a few
examples, but a fact that is never drawn is forgotten, whatever the share. Samples are places in a `SampleTable`.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seedbed_training.planning.coverage import buffer_of, is_whole
from seedbed_training.planning.recipe import ReplayRecipe
from seedbed_training.planning.sample_table import SampleTable

Pool = Sequence[int]
"""Samples of one leaf in the order of drawing; never empty."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What one kind of replay may take of a phase: a share of all its tokens, and a floor of samples per leaf."""

    share: float
    minimum_per_leaf: int = 0
    strategy: str = "balanced"


@dataclass(frozen=True, slots=True)
class Source:
    """What one kind of replay draws from, and by which budget."""

    pools: Sequence[Pool]
    budget: Budget


def make_pools(
    table: SampleTable,
    chosen: NDArray[np.bool_],
    recipe: ReplayRecipe,
    *,
    seed: str,
    times_drawn: NDArray[np.int32],
) -> tuple[Pool, ...]:
    """One pool per leaf of the samples where `chosen`, (S,), is true; the leaves in the order of their names.

    In a pool, what earlier phases drew least comes first; then, for the strategy `surprise`, what the model finds
    hardest; then by lot. What the recipe's coverage leaves out is in no pool.
    """
    places = np.flatnonzero(chosen)
    ends = np.flatnonzero(np.diff(table.leaf[places])) + 1  # the table is ordered by leaf
    surprising = recipe.strategy == "surprise" and table.loss is not None
    pools = []
    for part in np.split(places, ends) if len(places) else []:
        leaf = f"{seed}/{table.leaves[table.leaf[part[0]]]}"
        found: list[int] = part.tolist()
        random.Random(leaf).shuffle(found)
        if surprising:
            assert table.loss is not None
            losses = dict(zip(part.tolist(), table.loss[part].tolist(), strict=True))
            found.sort(key=lambda sample: -losses[sample])
        if not is_whole(recipe):
            found = buffer_of(found, table, recipe, seed=f"{leaf}/facts")
        drawn = dict(zip(part.tolist(), times_drawn[part].tolist(), strict=True))
        found.sort(key=drawn.__getitem__)
        pools.append(found)
    return tuple(pools)


def draw_replay(
    fresh_tokens: int, table: SampleTable, *, leaves: Source, phases: Source
) -> tuple[list[int], list[int]]:
    """The replay of a phase that has `fresh_tokens` tokens of its own: of earlier releases, and of earlier phases.

    Shares are of the whole phase, replay included, and are approached from below. The one thing that goes before
    a share is the minimum per leaf: where the minimum alone is more than the share allows, the minimum is what comes
    back and nothing else.
    """
    lengths: list[int] = table.tokens.tolist()
    shares = leaves.budget.share * bool(leaves.pools) + phases.budget.share * bool(phases.pools)
    whole = fresh_tokens / (1.0 - shares)
    drawn = [_draw(source, whole * source.budget.share, table, lengths) for source in (leaves, phases)]
    tokens = [sum(lengths[sample] for sample in draws) for draws in drawn]
    floors = [_floor(source) for source in (leaves, phases)]
    # What one kind leaves of its budget makes the phase shorter, and so the other's share larger: give back the last
    # draws until both bounds hold. Both lists only shrink, so this ends.
    while True:
        total = fresh_tokens + sum(tokens)
        for kind, source in enumerate((leaves, phases)):
            if len(drawn[kind]) > floors[kind] and tokens[kind] > source.budget.share * total:
                tokens[kind] -= lengths[drawn[kind].pop()]
                break
        else:
            return drawn[0], drawn[1]


def _draw(source: Source, tokens: float, table: SampleTable, lengths: Sequence[int]) -> list[int]:
    """The minimum of each pool first, one of each in turn; then always the pool furthest behind its due."""
    pools = source.pools
    counts = [0] * len(pools)
    taken = [0] * len(pools)
    draws: list[int] = []

    def draw(index: int) -> None:
        sample = pools[index][counts[index] % len(pools[index])]
        counts[index] += 1
        taken[index] += lengths[sample]
        draws.append(sample)

    for turn in range(source.budget.minimum_per_leaf):
        for index, pool in enumerate(pools):
            if turn < len(pool):
                draw(index)
    weights = _weights(pools, source.budget.strategy, table, lengths)
    waiting = [(taken[index] / weights[index], index) for index in range(len(pools))]
    heapq.heapify(waiting)
    left = tokens - sum(taken)
    while waiting:
        _, index = waiting[0]
        needed = lengths[pools[index][counts[index] % len(pools[index])]]
        if needed > left:
            heapq.heappop(
                waiting
            )  # skipping to a shorter sample would favour short ones; this leaf has had its part
            continue
        draw(index)
        left -= needed
        heapq.heapreplace(waiting, (taken[index] / weights[index], index))
    return draws


def _weights(
    pools: Sequence[Pool], strategy: str, table: SampleTable, lengths: Sequence[int]
) -> Sequence[float]:
    """What each pool is due, in proportion to the others."""
    if strategy == "uniform":
        return [float(sum(lengths[sample] for sample in pool)) for pool in pools]
    if strategy == "tempered":
        return [math.sqrt(sum(lengths[sample] for sample in pool)) for pool in pools]
    if strategy == "surprise" and table.loss is not None and pools:
        losses = [float(table.loss[np.asarray(pool)].mean()) for pool in pools]
        mean = sum(losses) / len(losses)
        return [mean + loss if mean > 0 else 1.0 for loss in losses]  # half by leaf, half by loss
    return [1.0] * len(pools)


def _floor(source: Source) -> int:
    return sum(min(source.budget.minimum_per_leaf, len(pool)) for pool in source.pools)
