"""What is kept from prompts and from training, so that a release can be judged by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seedbed.generation.normalise import normalised, share_of_digest
from seedbed.generation.seed import Seed


@dataclass(frozen=True, slots=True)
class SeedSplit:
    """The seeds that a teacher may be shown, and those that nobody is."""

    training: tuple[Seed, ...]
    held_out: tuple[Seed, ...]


def split_seeds(seeds: Sequence[Seed], share: float) -> SeedSplit:
    """Hold out about `share` of the seeds, by digest of their text: a seed stays on its side when others are added.

    Of two or more different seeds at least one is held out, of three or more at most a third, unless `share` is 0.
    Seeds of equal text are on one side. Both sides keep the order of the leaf.
    """
    different = {normalised(seed.identity): seed for seed in seeds}
    ranked = sorted(different, key=lambda text: (share_of_digest(text, purpose="held-out seed"), text))
    below = sum(share_of_digest(text, purpose="held-out seed") < share for text in ranked)
    count = max(1, min(below, len(ranked) // 3)) if share > 0 and len(ranked) > 1 else 0
    kept_back = frozenset(ranked[:count])
    return SeedSplit(
        training=tuple(seed for seed in seeds if normalised(seed.identity) not in kept_back),
        held_out=tuple(seed for seed in seeds if normalised(seed.identity) in kept_back),
    )


def is_held_out(question: str, share: float) -> bool:
    """Whether a sample that asks `question` is held out; equal questions are on one side in every leaf and release."""
    return share_of_digest(question, purpose="held-out sample") < share
