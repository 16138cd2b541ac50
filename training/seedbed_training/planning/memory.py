"""How much memory a training step needs on each GPU: arithmetic alone, every term with its formula.

P parameters, W GPUs that share them (FSDP, fully sharded), T tokens of a micro-batch, L layers, D hidden, F width of the
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


@dataclass(frozen=True, slots=True)
class Term:
    """One part of the memory of a GPU, in bytes."""

    name: str
    formula: str
    bytes: float


def memory_terms(
    shape: ModelShape, *, gpus: int, tokens: int, precision: str, checkpointing: bool
) -> tuple[Term, ...]:
    """What one GPU of `gpus` holds at the peak of a step over a micro-batch of `tokens` tokens."""
    wide = 2 if precision == "bf16" else 4
    p, t = shape.parameters, tokens
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
    casts = (
        [Term("weights cast for use", f"{wide} (1 layer)", wide * shape.layer_parameters)]
        if wide == 2
        else []
    )
    return (
        Term("weights", "4 P / W", 4 * p / gpus),
        Term("gradients", "4 P / W", 4 * p / gpus),
        Term("AdamW, two moments", "8 P / W", 8 * p / gpus),
        *(gathered if gpus > 1 else casts),
        activations,
        Term("logits and their gradient, at most", "8 T V", 8 * t * shape.vocabulary),
    )


def fewest_gpus(
    shape: ModelShape, *, tokens: int, precision: str, checkpointing: bool, gibibytes: float
) -> int | None:
    """The least of `GPU_COUNTS` at which a step fits into GPUs of this size, a tenth left free; None if none does."""
    for gpus in GPU_COUNTS:
        terms = memory_terms(
            shape, gpus=gpus, tokens=tokens, precision=precision, checkpointing=checkpointing
        )
        if sum(term.bytes for term in terms) <= 0.9 * gibibytes * GIBIBYTE:
            return gpus
    return None
