"""The order of a phase: which sample stands in which optimiser step. Pure and seeded."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def repeat_fresh(count: int, *, epochs: float, seed: str) -> NDArray[np.int32]:
    """The indices 0…count-1, each `epochs` times, one shuffled pass after the other.

    A broken number of epochs ends in a part of a pass: `round(count * fraction)` samples, drawn without replacement.
    """
    whole = math.floor(epochs)
    passes: list[NDArray[np.int32]] = []
    for epoch in range(whole + 1):
        size = count if epoch < whole else round(count * (epochs - whole))
        if not size:
            continue
        indices = list(range(count))
        random.Random(f"{seed}/epoch {epoch}").shuffle(indices)
        passes.append(np.array(indices[:size], np.int32))
    return np.concatenate(passes) if passes else np.empty(0, np.int32)


def interleave(groups: Sequence[Sequence[int] | NDArray[np.int32]], *, seed: str) -> NDArray[np.int32]:
    """One sequence of all groups' members, each group in its own order and spread evenly from beginning to end.

    Any stretch of the result holds of each group its share, to within one or two members: every batch cut from it
    is stratified.
    """
    places = [
        (np.arange(len(group)) + random.Random(f"{seed}/group {number}").random()) / max(len(group), 1)
        for number, group in enumerate(groups)
    ]
    if not places:
        return np.empty(0, np.int32)
    # Stable, and the groups stand one after the other: of equal places the earlier group's comes first.
    order = np.argsort(np.concatenate(places), kind="stable")
    return np.concatenate([np.asarray(group, np.int32) for group in groups])[order]


def step_edges(count: int, batch_samples: int) -> NDArray[np.int64]:
    """Where to cut `count` samples into as few steps as possible of at most `batch_samples`, sizes differing by one.

    Step k goes from edge k to edge k + 1. A short last step would weigh each of its samples more than all others are
    weighed.
    """
    steps = math.ceil(count / batch_samples)
    if not steps:
        return np.empty(0, np.int64)
    return np.rint(np.arange(steps + 1, dtype=np.int64) * count / steps).astype(np.int64)
