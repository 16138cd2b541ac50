"""Seeds of a whole branch together, as self-instruct draws them (arXiv 2212.10560), to compare with LAB's leaf alone.

What a pooled leaf becomes depends on every leaf of its branch and kind, so the digest of the pool enters the key of
its samples: editing one leaf makes all of them stale, which is the price of pooling. Held-out seeds are in no pool.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from seedbed.generation.held_out import split_seeds
from seedbed.generation.seed import Seed, leaf_seeds
from seedbed.taxonomy.leaf import Kind, Leaf


@dataclass(frozen=True, slots=True)
class SeedPool:
    """Training seeds by branch and kind, in the order of their leaves' names."""

    seeds: Mapping[tuple[str, Kind], tuple[Seed, ...]]

    @classmethod
    def of(cls, leaves: Iterable[Leaf], *, held_out: float) -> SeedPool:
        """The pool of some leaves; `held_out` is the recipe's share of seeds."""
        found: dict[tuple[str, Kind], dict[Seed, None]] = {}
        for leaf in sorted(leaves, key=lambda leaf: leaf.name):
            training = split_seeds(leaf_seeds(leaf), held_out).training
            found.setdefault((leaf.branch, leaf.kind), {}).update(dict.fromkeys(training))
        return cls({key: tuple(seeds) for key, seeds in found.items()})

    def for_leaf(self, leaf: Leaf) -> tuple[Seed, ...]:
        """What may be shown when this leaf is grown."""
        return self.seeds.get((leaf.branch, leaf.kind), ())

    def digest(self, leaf: Leaf) -> str:
        """64 hex digits over those seeds."""
        parts = [[seed.question, seed.answer, seed.context] for seed in self.for_leaf(leaf)]
        return hashlib.sha256(json.dumps(parts, ensure_ascii=True).encode()).hexdigest()
