"""A training plan: which samples each step of each phase sees, and why each of them is there.

Pure values; `make_plan` (in `planning/make_plan.py`) fills them, `learning/train.py` reads them. The plan is the whole
truth about order: training draws nothing at random, so a resumed run continues at the exact sample.

Samples and steps are kept as columns: a plan over a million samples is some tens of megabytes, and the samples of
any step are found without a look at the others. Shapes: S samples of a phase, P places in its order, K steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate
from typing import overload

import numpy as np
from numpy.typing import NDArray

from seedbed_training.planning.recipe import PhaseRecipe, TrainingRecipe


class Why(StrEnum):
    """Why a sample is in a phase."""

    FRESH = "fresh"
    LEAF_REPLAY = "leaf replay"  # of an unchanged leaf, from an earlier release
    PHASE_REPLAY = "phase replay"  # of a fresh leaf, from an earlier phase of this release


REASONS = tuple(Why)
"""The column `why` holds places in this tuple."""


@dataclass(frozen=True, slots=True)
class PlannedSample:
    """A sample in a phase; `times` is how often the phase's steps see it, `tokens` its length for one time."""

    id: str
    leaf: str
    why: Why
    tokens: int
    times: int


@dataclass(frozen=True, slots=True, eq=False)
class PlannedSamples(Sequence[PlannedSample]):
    """The table of a phase: reads as a sequence of `PlannedSample`, is kept as columns of S entries."""

    leaves: tuple[str, ...]
    """The names that the column `leaf` points into, sorted."""
    leaf: NDArray[np.int32]
    ids: NDArray[np.bytes_]
    why: NDArray[np.int8]
    tokens: NDArray[np.int32]
    times: NDArray[np.int32]

    @classmethod
    def of(cls, samples: Iterable[PlannedSample]) -> PlannedSamples:
        """The columns of `samples`, in their order."""
        rows = list(samples)
        leaves = tuple(sorted({row.leaf for row in rows}))
        place = {leaf: number for number, leaf in enumerate(leaves)}
        return cls(
            leaves,
            np.array([place[row.leaf] for row in rows], np.int32),
            np.array([row.id.encode() for row in rows], np.bytes_) if rows else np.empty(0, "S1"),
            np.array([REASONS.index(row.why) for row in rows], np.int8),
            np.array([row.tokens for row in rows], np.int32),
            np.array([row.times for row in rows], np.int32),
        )

    def __len__(self) -> int:
        return len(self.leaf)

    @overload
    def __getitem__(self, index: int) -> PlannedSample: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[PlannedSample]: ...
    def __getitem__(self, index: int | slice) -> PlannedSample | Sequence[PlannedSample]:
        if isinstance(index, slice):
            return tuple(self[place] for place in range(*index.indices(len(self))))
        return PlannedSample(
            self.ids[index].decode(),
            self.leaves[self.leaf[index]],
            REASONS[self.why[index]],
            int(self.tokens[index]),
            int(self.times[index]),
        )

    def __iter__(self) -> Iterator[PlannedSample]:
        columns = (self.ids, self.leaf, self.why, self.tokens, self.times)
        for start in range(
            0, len(self), 4096
        ):  # whole blocks leave numpy many times faster than single values
            block = (column[start : start + 4096].tolist() for column in columns)
            for identity, leaf, why, tokens, times in zip(*block, strict=True):
                yield PlannedSample(identity.decode(), self.leaves[leaf], REASONS[why], tokens, times)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PlannedSamples):
            return NotImplemented
        names = ("leaf", "ids", "why", "tokens", "times")
        return self.leaves == other.leaves and all(
            np.array_equal(getattr(self, name), getattr(other, name)) for name in names
        )

    def __hash__(self) -> int:
        return hash((len(self), self.leaves))

    def seen_tokens(self, *reasons: Why) -> int:
        """Tokens of the samples that are there for one of `reasons` (any, if none is given), as often as seen."""
        seen = self.tokens.astype(np.int64) * self.times
        return int(seen[self.of_reason(*reasons)].sum() if reasons else seen.sum())

    def of_reason(self, *reasons: Why) -> NDArray[np.bool_]:
        """Which samples are there for one of `reasons`, (S,)."""
        return np.isin(self.why, [REASONS.index(why) for why in reasons])


@dataclass(frozen=True, slots=True, eq=False)
class Steps(Sequence[tuple[int, ...]]):
    """Step k sees the samples `order[edges[k]:edges[k + 1]]`, as places in the phase's table; found in O(1)."""

    order: NDArray[np.int32]  # (P,)
    edges: NDArray[np.int64]  # (K + 1,), or (0,) for no steps

    @classmethod
    def of(cls, steps: Iterable[Sequence[int]]) -> Steps:
        """The columns of `steps`."""
        listed = [tuple(step) for step in steps]
        edges = [0, *accumulate(map(len, listed))] if listed else []
        flat = [index for step in listed for index in step]
        return cls(np.array(flat, np.int32), np.array(edges, np.int64))

    def __len__(self) -> int:
        return max(0, len(self.edges) - 1)

    @overload
    def __getitem__(self, index: int) -> tuple[int, ...]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[tuple[int, ...]]: ...
    def __getitem__(self, index: int | slice) -> tuple[int, ...] | Sequence[tuple[int, ...]]:
        if isinstance(index, slice):
            return tuple(self[place] for place in range(*index.indices(len(self))))
        step = range(len(self))[index]  # raises IndexError, and takes indices from the end
        found: list[int] = self.order[self.edges[step] : self.edges[step + 1]].tolist()
        return tuple(found)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Steps):
            return NotImplemented
        return np.array_equal(self.order, other.order) and np.array_equal(self.edges, other.edges)

    def __hash__(self) -> int:
        return hash((len(self), len(self.order)))


@dataclass(frozen=True, slots=True)
class PhasePlan:
    """One phase: `samples` is the table, `steps` holds for each optimiser step the indices into it, in order."""

    recipe: PhaseRecipe
    samples: PlannedSamples
    steps: Steps

    @classmethod
    def of(
        cls, recipe: PhaseRecipe, samples: Iterable[PlannedSample], steps: Iterable[Sequence[int]]
    ) -> PhasePlan:
        """A phase from its rows; for a few of them."""
        return cls(recipe, PlannedSamples.of(samples), Steps.of(steps))

    @property
    def tokens(self) -> int:
        return self.samples.seen_tokens()

    @property
    def replay_tokens(self) -> int:
        return self.samples.seen_tokens(Why.LEAF_REPLAY, Why.PHASE_REPLAY)


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """The phases of one release, and what they were made from."""

    release: str
    parent: str | None
    taxonomy_commit: str
    recipe: TrainingRecipe
    seed: int
    sample_keys: Mapping[str, tuple[str, ...]]  # leaf name → store keys that hold its samples
    blobs: Mapping[str, str]  # leaf name → git blob id
    fresh: tuple[str, ...]
    replayed: tuple[str, ...]
    removed: tuple[str, ...]
    phases: tuple[PhasePlan, ...]
    revoked: tuple[str, ...] = ()
    """Leaves that the taxonomy has but that were revoked: no sample of theirs is in any phase."""
    changed: tuple[str, ...] = field(default=(), compare=False)
    """The fresh leaves that the parent knew otherwise. It follows from the rest, and plans were once without it: it makes
    no plan another one."""
    waiting: tuple[str, ...] = field(default=(), compare=False)
    """Those of `removed` that the taxonomy still has: edited since, with no samples of the new text yet."""

    @property
    def kept(self) -> tuple[str, ...]:
        """Leaves that are as they were and of which nothing comes back, sorted."""
        return tuple(sorted(self.blobs.keys() - {*self.fresh, *self.replayed}))

    @property
    def last_trained(self) -> int:
        """Index of the last phase that has any steps; the plan must have one."""
        return max(index for index, phase in enumerate(self.phases) if phase.steps)

    @property
    def replay_token_share(self) -> float:
        """Replayed tokens as a share of all tokens of all phases, 0…1."""
        total = sum(phase.tokens for phase in self.phases)
        return sum(phase.replay_tokens for phase in self.phases) / total if total else 0.0
