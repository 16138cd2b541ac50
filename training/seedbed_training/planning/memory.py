"""What training takes: memory of each GPU, computation, disk. Arithmetic alone, every term with its formula.

P parameters, A of them trained (all, unless the recipe has LoRA), W GPUs that share them (FSDP, fully sharded), T tokens of a micro-batch, L layers, D hidden, F width of the
feed-forward, K width of keys (and of values), V words. Weights and optimiser are held in float32, products in 16 bits
under `bf16`; attention keeps no T x T matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

GIBIBYTE = 2**30
GPU_COUNTS = (1, 2, 4, 8, 16, 32, 64)


@dataclass(frozen=True, slots=True)
class ModelShape:
    """What the arithmetic needs to know of a model."""

    name: str
    parameters: int
    layer_parameters: int  # of the largest layer
    outer_parameters: int  # outside all layers: embedding, head, last norm
    layers: int
    hidden: int
    feed_forward: int
    key_width: int
    vocabulary: int
    context: int
    trained: int | None = None
    """Parameters that training changes; None: all."""

    @property
    def learned(self) -> int:
        """How many parameters training changes."""
        return self.parameters if self.trained is None else self.trained


@dataclass(frozen=True, slots=True)
class Term:
    """One part of what is needed: bytes of memory or disk, or floating-point operations."""

    name: str
    formula: str
    amount: float


def memory_terms(
    shape: ModelShape, *, gpus: int, tokens: int, precision: str, checkpointing: bool
) -> tuple[Term, ...]:
    """What one GPU of `gpus` holds at the peak of a step over a micro-batch of `tokens` tokens."""
    wide = 2 if precision == "bf16" else 4
    p, a, t = shape.parameters, shape.learned, tokens
    letter = "P" if a == p else "A"
    kept = 6 * shape.hidden + 2 * shape.key_width + 4 * shape.feed_forward  # values a token leaves in a layer
    if checkpointing:
        activations = Term(
            "activations, checkpointed",
            f"{wide} T (L D + 6 D + 2 K + 4 F)",
            wide * t * (shape.layers * shape.hidden + kept),
        )
    else:
        activations = Term("activations", f"{wide} T L (6 D + 2 K + 4 F)", wide * t * shape.layers * kept)
    gathered = [
        Term(
            "weights gathered for use",
            f"{wide} (2 layers + embedding and head)",
            wide * (2 * shape.layer_parameters + shape.outer_parameters),
        )
    ]
    head = shape.hidden * shape.vocabulary
    # What a product read is kept until its gradient is taken: of checkpointed layers one after another.
    cast = (
        Term("weights cast for use", "2 (1 layer + D V)", 2 * (shape.layer_parameters + head))
        if checkpointing
        else Term("weights cast for use", "2 P", 2 * p)
    )
    return (
        Term("weights", "4 P / W", 4 * p / gpus),
        Term("gradients", f"4 {letter} / W", 4 * a / gpus),
        Term("AdamW, two moments", f"8 {letter} / W", 8 * a / gpus),
        *(gathered if gpus > 1 else [cast] if precision == "bf16" else []),
        activations,
        Term("logits and their gradient, at most", "8 T V", 8 * t * shape.vocabulary),
    )


def computation(shape: ModelShape, *, tokens: int, checkpointing: bool) -> Term:
    """Floating-point operations over `tokens` tokens, attention's own and padding left out.

    2 P for each token forward and for the gradients of what a layer reads, 2 A for those of its weights, and 2 P again
    where the forward pass is made twice.
    """
    passes = 6 if checkpointing else 4
    p, a = shape.parameters, shape.learned
    formula = f"{passes + 2} P" if a == p else f"{passes} P + 2 A"
    return Term("computation", formula, float(passes * p + 2 * a) * tokens)


def disk_terms(shape: ModelShape, *, phases: int, candidates: int) -> tuple[Term, ...]:
    """What a run's folder holds at most, while its last checkpoint but one is not yet removed; float32 throughout."""
    p, a = shape.parameters, shape.learned
    letter = "P" if a == p else "A"
    kept = max(candidates, 2) + 1
    return (
        Term(f"{kept} checkpoints with optimiser", f"12 {letter} each", 12.0 * a * kept),
        Term("ends of earlier phases", f"4 {letter} each", 4.0 * a * (phases - 1)),
        Term("the model", "4 P", 4.0 * p),
    )


def fewest_gpus(
    shape: ModelShape, *, tokens: int, precision: str, checkpointing: bool, gibibytes: float
) -> int | None:
    """The least of `GPU_COUNTS` at which a step fits into GPUs of this size, a tenth left free; None if none does."""
    for gpus in GPU_COUNTS:
        terms = memory_terms(
            shape, gpus=gpus, tokens=tokens, precision=precision, checkpointing=checkpointing
        )
        if sum(term.amount for term in terms) <= 0.9 * gibibytes * GIBIBYTE:
            return gpus
    return None
