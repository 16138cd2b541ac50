"""Training recipes: every figure that a run is made with, each with its meaning, its unit and what it may be.

A key is declared here and nowhere else: the reader, its messages and the schema that editors use all go by it. Where a
recipe has its values from stands in the recipe; `source` is of the default of a key that may be left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from seedbed.config.keys import says
from seedbed.generation.sample import Stage

STRATEGIES = ("balanced", "uniform", "tempered", "surprise", "none", "joint")
SCOPES = ("every_phase", "same_phase")
SCHEDULES = ("constant", "linear", "cosine", "stable_decay")
PRECISIONS = ("fp32", "bf16")
BATCHINGS = ("packed", "padded")
MATMUL_PRECISIONS = ("highest", "medium")
OWN_TEMPLATE = "own"
CHAT_TEMPLATES = (OWN_TEMPLATE, "labradorite")

_OURS = "ours; changes the result by rounding alone"
_OPEN = "the open implementation of LAB"


@dataclass(frozen=True, slots=True)
class PhaseRecipe:
    """One phase of training."""

    name: str = field(
        metadata=says(
            "Name of the phase; it names a folder of checkpoints.",
            pattern=r"\w[\w .-]{0,63}",
            shape="at most 64 letters, digits, blanks, dots, - and _, a letter or digit first",
            trimmed=True,
        )
    )
    stages: tuple[Stage, ...] = field(
        metadata=says("Fresh samples of these stages are taught.", unit="stages", some=True)
    )
    replay_stages: tuple[Stage, ...] = field(
        metadata=says(
            "Fresh samples of these stages, taught by earlier phases, come back (LAB paper, table 1).",
            unit="stages",
        )
    )
    epochs: float = field(metadata=says("How often each fresh sample is seen.", unit="passes", above=0))
    learning_rate: float = field(
        metadata=says(
            "Peak learning rate of AdamW.", unit="what a step changes a weight by, at most, about", above=0
        )
    )
    warmup_steps: int = field(metadata=says("Linear warm-up from 0.", unit="optimiser steps", minimum=0))
    published_samples: int | None = field(
        default=None,
        metadata=says(
            "What the published run had in this phase. Training does not read it: dry runs do, where there are no "
            "samples yet.",
            unit="samples",
            minimum=1,
        ),
    )


@dataclass(frozen=True, slots=True)
class ReplayRecipe:
    """How much of what was taught before comes back."""

    leaf_share: float = field(
        metadata=says(
            "Given to samples of unchanged leaves of earlier releases.",
            unit="share of each phase's tokens, 0…1",
            minimum=0,
            below=1,
        )
    )
    phase_share: float = field(
        metadata=says(
            "Given to fresh samples of `replay_stages`.",
            unit="share of each phase's tokens, 0…1",
            minimum=0,
            below=1,
        )
    )
    minimum_per_leaf: int = field(
        metadata=says(
            "Each unchanged leaf brings at least so many (fewer only if it has fewer), before shares are filled: a leaf "
            "of which nothing comes back is forgotten. With many old leaves and few fresh ones it alone may take more "
            "than `leaf_share`, and the plan then says so. 0 holds every plan to the share.",
            unit="samples",
            minimum=0,
        )
    )
    strategy: str = field(
        metadata=says(
            "How the share is divided among leaves: `balanced` (the same tokens for each), `uniform` (in proportion to "
            "each leaf's samples), `tempered` (to the square root of that), or `surprise` (half by leaf, half by mean "
            "loss under the model that the release starts from, and of each leaf the samples with the highest loss "
            "first; after SuRe, arXiv 2511.22367). The bounds to measure against: `none` (nothing of unchanged leaves), "
            "`joint` (all of them, as if fresh).",
            choices=STRATEGIES,
        )
    )
    scope: str = field(
        metadata=says(
            "`every_phase`: every unchanged leaf comes back in every phase; `same_phase`: only in the phase that taught it.",
            choices=SCOPES,
        )
    )
    knowledge_coverage: float = field(
        default=1.0,
        metadata=says(
            "What the buffer keeps of each knowledge leaf's facts; what is not in it is not replayed. Facts that are "
            "left out are forgotten, so anything below 1 is for measuring.",
            unit="share of facts, 0…1",
            source="ours: `seedbed study coverage`",
            above=0,
            maximum=1,
        ),
    )
    samples_per_fact: int | None = field(
        default=None,
        metadata=says(
            "At most so many of each fact in the buffer, one of every fact before a second of any; without: all.",
            unit="samples",
            source="ours",
            minimum=1,
        ),
    )
    skill_exemplars: int | None = field(
        default=None,
        metadata=says(
            "At most so many of each skill leaf in the buffer; without: all.",
            unit="samples",
            source="ours: `seedbed study coverage`",
            minimum=1,
        ),
    )


@dataclass(frozen=True, slots=True)
class LoraRecipe:
    """Low-rank adapters (arXiv 2106.09685) in place of all weights; needs peft."""

    rank: int = field(metadata=says("Rank of the adapters.", unit="dimensions", minimum=1))
    alpha: float = field(metadata=says("The adapters' product is scaled by `alpha` / `rank`.", above=0))
    dropout: float = field(
        default=0.0,
        metadata=says(
            "What each step leaves out of the adapters' inputs.",
            unit="share, 0…1",
            source="peft",
            minimum=0,
            below=1,
        ),
    )
    targets: tuple[str, ...] = field(
        default=(),
        metadata=says(
            "Names of the linear layers that get one, such as `q_proj`; none given: every linear layer but the output "
            "head.",
            source="QLoRA (arXiv 2305.14314), section 4",
        ),
    )
    keep_adapter: bool = field(
        default=False,
        metadata=says(
            "Write the adapters in peft's format too, beside the model that they are merged into.",
            source="ours",
        ),
    )


@dataclass(frozen=True, slots=True)
class TrainingRecipe:
    """A whole recipe, as read from YAML; unknown keys are refused."""

    name: str = field(metadata=says("Name of the recipe.", trimmed=True))
    description: str = field(metadata=says("What it is for, in a sentence.", trimmed=True))
    base_model: str = field(
        metadata=says(
            "Path or hub name of the model that the first release starts from; `sandbox` is the small student shipped "
            "with Seedbed.",
            trimmed=True,
        )
    )
    phases: tuple[PhaseRecipe, ...] = field(
        metadata=says(
            "Phases of training, in order; each starts from the weights that the one before it left.",
            some=True,
        )
    )
    replay: ReplayRecipe = field(metadata=says("How much of what was taught before comes back."))
    batch_samples: int = field(
        metadata=says(
            "Effective batch: what one optimiser step sees, over all ranks and micro-batches.",
            unit="samples",
            minimum=1,
        )
    )
    micro_batch_tokens: int = field(
        metadata=says(
            "One forward pass at most, padding included; sets memory use, and of the result only the rounding.",
            unit="tokens",
            minimum=1,
        )
    )
    max_tokens: int = field(
        metadata=says(
            "Longest sample, prompt included; longer ones are left out and counted.", unit="tokens", minimum=2
        )
    )
    chat_template: str = field(
        default=OWN_TEMPLATE,
        metadata=says(
            "What a base without a chat template is given, since it cannot be trained on conversations without one: "
            "`labradorite`, the template of LAB's models with its special tokens, each with a new row of the embeddings; "
            "`own`: nothing. A base that has a template of its own keeps it either way.",
            source="ours",
            choices=CHAT_TEMPLATES,
            later=True,
        ),
    )
    schedule: str = field(
        default="constant",
        metadata=says(
            "Learning rate after warm-up: `constant`, `linear` or `cosine` decay to 0 over the phase, or `stable_decay`, "
            "constant but for a linear decay to 0 over the phase's last tenth (arXiv 2405.18392).",
            source="LAB paper, section 3.3",
            choices=SCHEDULES,
        ),
    )
    weight_decay: float = field(
        default=0.0,
        metadata=says(
            "What AdamW takes off each matrix's weights.",
            unit="share of the weight, times the learning rate, by a step",
            source=_OPEN,
            minimum=0,
        ),
    )
    betas: tuple[float, float] = field(
        default=(0.9, 0.95),
        metadata=says(
            "How much AdamW keeps, by a step, of its mean of gradients and of their squares.",
            unit="shares, 0…1",
            source=_OPEN,
            minimum=0,
            below=1,
        ),
    )
    epsilon: float = field(
        default=1e-8,
        metadata=says(
            "Added to AdamW's root mean square, so that it can be divided by.",
            unit="of a gradient",
            source=_OPEN,
            above=0,
        ),
    )
    gradient_clip: float = field(
        default=1.0,
        metadata=says("Largest global norm of the gradients.", unit="L2 norm", source=_OPEN, above=0),
    )
    divergence_factor: float = field(
        default=3.0,
        metadata=says(
            "A run stops as diverged when the median loss of its last `divergence_steps` steps is above this many times "
            "the lowest such median of the phase, and at least 1 nat above it; until there are so many steps, all so far are "
            "judged, against the worst of the first five.",
            unit="times",
            source="ours",
            above=1,
        ),
    )
    divergence_steps: int = field(
        default=25,
        metadata=says(
            "Steps whose median loss is watched.", unit="optimiser steps", source="ours", minimum=1
        ),
    )
    batching: str = field(
        default="packed",
        metadata=says(
            "`packed`: documents end to end in one row without padding, each with an attention and positions of its own; "
            "`padded`: rows of like length, padded to the longest.",
            source=_OURS,
            choices=BATCHINGS,
        ),
    )
    precision: str = field(
        default="fp32",
        metadata=says(
            "`fp32`, or `bf16` for the products of matrices; weights, their moments and sums stay in fp32.",
            source="ours",
            choices=PRECISIONS,
        ),
    )
    matmul_precision: str = field(
        default="highest",
        metadata=says(
            "`highest`, or `medium` on a CPU: the same accuracy in fp32 through another library, faster at widths of 256 "
            "and more on some chips. Where it would cost accuracy it is not used.",
            source=_OURS,
            choices=MATMUL_PRECISIONS,
        ),
    )
    compile: bool = field(
        default=False,
        metadata=says(
            "Compile the model's layers with torch.compile; takes a minute at first, and pays on long runs.",
            source=_OURS,
        ),
    )
    activation_checkpointing: bool = field(
        default=False,
        metadata=says(
            "Compute activations again in the backward pass instead of keeping them: about a third more time, less "
            "memory.",
            source="ours; does not change the result",
        ),
    )
    lora: LoraRecipe | None = field(
        default=None,
        metadata=says("Train low-rank adapters alone; absent: all weights.", source="LAB trains all weights"),
    )
    checkpoint_steps: int = field(
        default=100,
        metadata=says(
            "Between checkpoints inside a phase; one is always written at its end.",
            unit="optimiser steps",
            source="ours; does not change the result",
            minimum=1,
        ),
    )
    candidates: int = field(
        default=1,
        metadata=says(
            "The newest so many checkpoints of the last phase are kept, and the run's model is the one of them whose "
            "held-out scores are best: fresh leaves learned, old leaves kept. 1: the phase's end. Costs, for each, its "
            "answers to every held-out question, and disk for a model with its optimiser.",
            unit="checkpoints",
            source="ours",
            minimum=1,
            later=True,
        ),
    )
