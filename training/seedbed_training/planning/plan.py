"""A training plan: which samples each step of each phase sees, and why each of them is there.

Pure values; `make_plan` (in `planning/make_plan.py`) fills them, `learning/train.py` reads them. The plan is the whole
truth about order: training draws nothing at random, so a resumed run continues at the exact sample.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from seedbed_training.planning.recipe import PhaseRecipe, TrainingRecipe


class Why(StrEnum):
    """Why a sample is in a phase."""

    FRESH = "fresh"
    LEAF_REPLAY = "leaf replay"  # of an unchanged leaf, from an earlier release
    PHASE_REPLAY = "phase replay"  # of a fresh leaf, from an earlier phase of this release


@dataclass(frozen=True, slots=True)
class PlannedSample:
    """A sample in a phase; `times` is how often the phase's steps see it, `tokens` its length for one time."""

    id: str
    leaf: str
    why: Why
    tokens: int
    times: int


@dataclass(frozen=True, slots=True)
class PhasePlan:
    """One phase: `samples` is the table, `steps` holds for each optimiser step the indices into it, in order."""

    recipe: PhaseRecipe
    samples: tuple[PlannedSample, ...]
    steps: tuple[tuple[int, ...], ...]

    @property
    def tokens(self) -> int:
        return sum(sample.tokens * sample.times for sample in self.samples)

    @property
    def replay_tokens(self) -> int:
        return sum(sample.tokens * sample.times for sample in self.samples if sample.why is not Why.FRESH)


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

    @property
    def replay_token_share(self) -> float:
        """Replayed tokens as a share of all tokens of all phases, 0…1."""
        total = sum(phase.tokens for phase in self.phases)
        return sum(phase.replay_tokens for phase in self.phases) / total if total else 0.0
