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
    published_samples: int | None = None
    """Samples that the published run had in this phase. Training does not read it: `--dry-run` does, where a taxonomy
    has no samples yet."""


@dataclass(frozen=True, slots=True)
class ReplayRecipe:
    """How much of what was taught before comes back."""

    leaf_share: float
    """Share of each phase's tokens, 0…1, given to samples of unchanged leaves of earlier releases."""
    phase_share: float
    """Share of each phase's tokens, 0…1, given to fresh samples of `replay_stages`."""
    minimum_per_leaf: int
    """Each unchanged leaf brings at least this many samples (fewer only if it has fewer), before shares are filled. It
    goes before `leaf_share`, since a leaf of which nothing comes back is forgotten: with many old leaves and few fresh
    ones it alone may take more than the share, and the plan then says so. 0 holds every plan to the share."""
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
class LoraRecipe:
    """Low-rank adapters (arXiv 2106.09685) in place of all weights; needs peft."""

    rank: int
    alpha: float
    """The adapters' product is scaled by `alpha` / `rank`."""
    dropout: float = 0.0
    """Share of the adapters' inputs, 0…1, that each step leaves out."""
    targets: tuple[str, ...] = ()
    """Names of the linear layers that get one, such as `q_proj`; none given: every linear layer but the output head."""
    keep_adapter: bool = False
    """Write the adapters in peft's format too, beside the model that they are merged into."""


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
    """Learning rate after warm-up: `constant` (LAB paper, section 3.3), `linear` or `cosine` decay to 0 over the phase,
    or `stable_decay`, constant but for a linear decay to 0 over the phase's last tenth (arXiv 2405.18392)."""
    weight_decay: float = 0.0
    betas: tuple[float, float] = (0.9, 0.95)
    epsilon: float = 1e-8
    gradient_clip: float = 1.0
    """Largest global L2 norm of the gradients."""
    divergence_factor: float = 3.0
    """A run stops as diverged when the median loss of its last `divergence_steps` steps is above this many times the
    lowest such median of the phase, and at least 1 nat above it."""
    divergence_steps: int = 25
    """Optimiser steps whose median loss is watched."""
    batching: str = "packed"
    """`packed`: documents end to end in one row without padding, each with an attention and positions of its own; or
    `padded`: rows of like length, padded to the longest. They differ in speed, and in the result by rounding alone."""
    precision: str = "fp32"
    """`fp32`, or `bf16` for the products of matrices; weights, their moments and sums stay in fp32."""
    matmul_precision: str = "highest"
    """`highest`, or `medium` on a CPU: the same accuracy in fp32 through another library, faster at widths of 256 and
    more on some chips. Where it would cost accuracy it is not used (`learning/numerics.py`)."""
    compile: bool = False
    """Compile the model's layers with torch.compile; takes a minute at first, and pays on long runs."""
    activation_checkpointing: bool = False
    """Compute activations again in the backward pass instead of keeping them: about a third more time, less memory."""
    lora: LoraRecipe | None = None
    """Train low-rank adapters alone; absent: all weights."""
    checkpoint_steps: int = 100
    """Optimiser steps between checkpoints inside a phase; one is always written at its end."""
    candidates: int = 1
    """The newest so many checkpoints of the last phase are kept, and the run's model is the one of them whose held-out
    scores are best: fresh leaves learned, old leaves kept (`evaluation/choose_checkpoint.py`). 1: the phase's end.
    Costs, for each, its answers to every held-out question, and disk for a model with its optimiser."""
