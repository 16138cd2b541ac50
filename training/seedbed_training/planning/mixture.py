"""The order of a phase: which sample stands in which optimiser step. Pure and seeded."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from itertools import pairwise


def repeat_fresh(count: int, *, epochs: float, seed: str) -> tuple[int, ...]:
    """The indices 0…count-1, each `epochs` times, one shuffled pass after the other.

    A broken number of epochs ends in a part of a pass: `round(count * fraction)` samples, drawn without replacement.
    """
    whole = math.floor(epochs)
    order: list[int] = []
    for epoch in range(whole + 1):
        indices = list(range(count))
        random.Random(f"{seed}/epoch {epoch}").shuffle(indices)
        order += indices if epoch < whole else indices[: round(count * (epochs - whole))]
    return tuple(order)


def interleave(groups: Sequence[Sequence[int]], *, seed: str) -> tuple[int, ...]:
    """One sequence of all groups' members, each group in its own order and spread evenly from beginning to end.

    Any stretch of the result holds of each group its share, to within one or two members: every batch cut from it
    is stratified.
    """
    placed: list[tuple[float, int, int]] = []
    for number, group in enumerate(groups):
        offset = random.Random(f"{seed}/group {number}").random()
        placed += [((k + offset) / len(group), number, member) for k, member in enumerate(group)]
    placed.sort(key=lambda entry: entry[:2])
    return tuple(member for _, _, member in placed)


def cut_steps(order: Sequence[int], batch_samples: int) -> tuple[tuple[int, ...], ...]:
    """`order` cut into as few steps as possible of at most `batch_samples`, sizes differing by one at most.

    A short last step would weigh each of its samples more than all others are weighed.
    """
    steps = math.ceil(len(order) / batch_samples)
    edges = [round(step * len(order) / steps) for step in range(steps + 1)] if steps else []
    return tuple(tuple(order[start:end]) for start, end in pairwise(edges))
