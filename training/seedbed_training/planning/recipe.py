"""Training recipes: every figure that a run is made with, each with its meaning and unit."""

from __future__ import annotations

from dataclasses import dataclass

from seedbed.generation.sample import Stage


@dataclass(frozen=True, slots=True)
class PhaseRecipe:
    """One phase of training."""

    name: str
    stages: tuple[Stage, ...]
    """Fresh samples of these stages enter the phase."""
    replay_stages: tuple[Stage, ...]
    """Fresh samples of these stages, taught by earlier phases, are replayed in it (LAB paper, table 1)."""
    epochs: float
    """How often each fresh sample of the phase is seen."""
    learning_rate: float
    """Peak learning rate of AdamW."""
    warmup_steps: int
    """Optimiser steps of linear warm-up from 0; constant afterwards unless `schedule` says otherwise."""


@dataclass(frozen=True, slots=True)
class ReplayRecipe:
    """How much of what was taught before comes back."""

    leaf_share: float
    """Share of each phase's tokens, 0…1, given to samples of unchanged leaves of earlier releases."""
    phase_share: float
    """Share of each phase's tokens, 0…1, given to fresh samples of `replay_stages`."""
    minimum_per_leaf: int
    """Each unchanged leaf brings at least this many samples (fewer only if it has fewer), before shares are filled."""
    strategy: str
    """How the share is divided among leaves: `balanced` (the same tokens for each), `uniform` (in proportion to each
    leaf's samples), `tempered` (to the square root of that), or `surprise` (half by leaf, half by mean loss under the
    model that the release starts from, and of each leaf the samples with the highest loss first; after SuRe, arXiv
    2511.22367). The bounds to measure against: `none` (nothing of unchanged leaves), `joint` (all of them, as if fresh)."""
    scope: str
    """`every_phase`: every unchanged leaf comes back in every phase; `same_phase`: only in the phase that taught it."""
    knowledge_coverage: float = 1.0
    """Share of each knowledge leaf's facts, 0…1, that the buffer keeps: what is not in it is not replayed. Facts that
    are left out are forgotten (`benchmarks/studies/`), so anything below 1 is for measuring."""
    samples_per_fact: int | None = None
    """At most so many samples of each fact in the buffer, one of every fact before a second of any; without: all."""
    skill_exemplars: int | None = None
    """At most so many samples of each skill leaf in the buffer; without: all."""


@dataclass(frozen=True, slots=True)
class TrainingRecipe:
    """A whole recipe, as read from YAML; unknown keys are refused."""

    name: str
    description: str
    base_model: str
    """Path or hub name of the model that the first release starts from; `sandbox` is the small student shipped here."""
    phases: tuple[PhaseRecipe, ...]
    replay: ReplayRecipe
    batch_samples: int
    """Effective batch: samples per optimiser step, over all ranks and micro-batches."""
    micro_batch_tokens: int
    """Tokens of one forward pass at most, padding included; sets memory use, and of the result only the rounding."""
    max_tokens: int
    """Longest sample, in tokens, prompt included; longer ones are left out and counted."""
    schedule: str = "constant"
    """`constant` after warm-up (LAB paper, section 3.3) or `linear` decay to 0 over the phase."""
    weight_decay: float = 0.0
    betas: tuple[float, float] = (0.9, 0.95)
    epsilon: float = 1e-8
    gradient_clip: float = 1.0
    """Largest global L2 norm of the gradients."""
    precision: str = "fp32"
    """`fp32`, or `bf16` autocast."""
    checkpoint_steps: int = 100
    """Optimiser steps between checkpoints inside a phase; one is always written at its end."""
