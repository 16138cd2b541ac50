"""Which samples of what was taught before come back, and how often: pure, seeded, and never above the budget.

A pool is one leaf's samples in a seeded order. Drawing goes round that order, and goes on in the next phase where it
stopped, so that no sample comes back twice before every other one of its leaf came back once: a rule survives on a few
examples, but a fact that is never drawn is forgotten, whatever the share.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from seedbed_training.planning.plan import Why


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sample that may be planned, and its length in tokens."""

    id: str
    leaf: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Pool:
    """The candidates of one leaf in the order of drawing."""

    leaf: str
    candidates: tuple[Candidate, ...]

    def at(self, draw: int) -> Candidate:
        """The candidate of the draw numbered `draw` from 0, round and round."""
        return self.candidates[draw % len(self.candidates)]


@dataclass(frozen=True, slots=True)
class Draw:
    """One replayed sample, once."""

    candidate: Candidate
    why: Why


@dataclass(frozen=True, slots=True)
class Budget:
    """What one kind of replay may take of a phase: a share of all its tokens, and a floor of samples per leaf."""

    share: float
    minimum_per_leaf: int = 0
    strategy: str = "balanced"


def make_pools(
    candidates: Iterable[Candidate], *, seed: str, times_drawn: Mapping[str, int]
) -> tuple[Pool, ...]:
    """One pool per leaf, ordered by name; what earlier phases drew least (by sample id) comes first, then by lot."""
    by_leaf: dict[str, list[Candidate]] = {}
    for candidate in sorted(candidates, key=lambda candidate: (candidate.leaf, candidate.id)):
        by_leaf.setdefault(candidate.leaf, []).append(candidate)
    for leaf, found in by_leaf.items():
        random.Random(f"{seed}/{leaf}").shuffle(found)
        found.sort(key=lambda candidate: times_drawn.get(candidate.id, 0))
    return tuple(Pool(leaf, tuple(found)) for leaf, found in by_leaf.items())


def draw_replay(
    fresh_tokens: int,
    *,
    leaves: Sequence[Pool],
    leaf_budget: Budget,
    phases: Sequence[Pool],
    phase_budget: Budget,
) -> tuple[Draw, ...]:
    """The replay of a phase that has `fresh_tokens` tokens of its own.

    Shares are of the whole phase, replay included, and are approached from below. The one thing that goes before
    a share is the minimum per leaf: where the minimum alone is more than the share allows, the minimum is what comes
    back and nothing else.
    """
    shares = leaf_budget.share * bool(leaves) + phase_budget.share * bool(phases)
    whole = fresh_tokens / (1.0 - shares)
    leaf_draws = _draw(leaves, leaf_budget, whole * leaf_budget.share, Why.LEAF_REPLAY)
    phase_draws = _draw(phases, phase_budget, whole * phase_budget.share, Why.PHASE_REPLAY)
    leaf_floor = _floor(leaves, leaf_budget)
    phase_floor = _floor(phases, phase_budget)
    # What one kind leaves of its budget makes the phase shorter, and so the other's share larger: give back the last
    # draws until both bounds hold. Both lists only shrink, so this ends.
    while True:
        total = fresh_tokens + _tokens(leaf_draws) + _tokens(phase_draws)
        if len(leaf_draws) > leaf_floor and _tokens(leaf_draws) > leaf_budget.share * total:
            leaf_draws.pop()
        elif len(phase_draws) > phase_floor and _tokens(phase_draws) > phase_budget.share * total:
            phase_draws.pop()
        else:
            return (*leaf_draws, *phase_draws)


def _draw(pools: Sequence[Pool], budget: Budget, tokens: float, why: Why) -> list[Draw]:
    """The minimum of each pool first, one of each in turn; then always the pool furthest behind its due."""
    counts = [0] * len(pools)
    taken = [0] * len(pools)
    draws: list[Draw] = []

    def draw(index: int) -> None:
        candidate = pools[index].at(counts[index])
        counts[index] += 1
        taken[index] += candidate.tokens
        draws.append(Draw(candidate, why))

    for turn in range(budget.minimum_per_leaf):
        for index, pool in enumerate(pools):
            if turn < len(pool.candidates):
                draw(index)
    weights = [_weight(pool, budget.strategy) for pool in pools]
    waiting = [(taken[index] / weights[index], index) for index in range(len(pools))]
    heapq.heapify(waiting)
    left = tokens - sum(taken)
    while waiting:
        _, index = heapq.heappop(waiting)
        needed = pools[index].at(counts[index]).tokens
        if needed > left:
            continue  # skipping to a shorter sample would favour short ones; this leaf has had its part
        draw(index)
        left -= needed
        heapq.heappush(waiting, (taken[index] / weights[index], index))
    return draws


def _weight(pool: Pool, strategy: str) -> float:
    if strategy == "uniform":
        return float(sum(candidate.tokens for candidate in pool.candidates))
    return 1.0


def _floor(pools: Sequence[Pool], budget: Budget) -> int:
    return sum(min(budget.minimum_per_leaf, len(pool.candidates)) for pool in pools)


def _tokens(draws: Iterable[Draw]) -> int:
    return sum(draw.candidate.tokens for draw in draws)
