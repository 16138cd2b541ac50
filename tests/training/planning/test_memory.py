"""The memory of a training step, by arithmetic."""

from __future__ import annotations

from seedbed_training.planning.memory import GIBIBYTE, ModelShape, fewest_gpus, memory_terms

SHAPE = ModelShape(
    "m",
    10**9,
    10**7,
    10**8,
    layers=40,
    hidden=1000,
    feed_forward=3000,
    key_width=500,
    vocabulary=5000,
    context=4096,
)


def total(gpus: int, *, tokens: int = 1024, precision: str = "bf16", checkpointing: bool = True) -> float:
    terms = memory_terms(SHAPE, gpus=gpus, tokens=tokens, precision=precision, checkpointing=checkpointing)
    return sum(term.amount for term in terms)


def test_weights_gradients_and_moments_take_sixteen_bytes_a_parameter_shared_by_all_gpus() -> None:
    terms = {
        term.name: term.amount
        for term in memory_terms(SHAPE, gpus=4, tokens=1, precision="fp32", checkpointing=True)
    }
    assert terms["weights"] + terms["gradients"] + terms["AdamW, two moments"] == 16 * 10**9 / 4


def test_what_each_choice_saves() -> None:
    assert total(8) < total(4) < total(1)
    assert total(4, checkpointing=True) < total(4, checkpointing=False)
    assert total(4, precision="bf16") < total(4, precision="fp32")
    assert total(4, tokens=2048) - total(4) == 1024 * (2 * (40 * 1000 + 6000 + 1000 + 12000) + 8 * 5000)


def test_weights_in_16_bits_beside_those_in_32_on_a_single_gpu() -> None:
    """Layers whose activations are checkpointed are cast one after another; otherwise all casts wait for the gradient."""

    def cast(*, gpus: int = 1, precision: str = "bf16", checkpointing: bool = True) -> float:
        terms = memory_terms(SHAPE, gpus=gpus, tokens=1, precision=precision, checkpointing=checkpointing)
        return sum(term.amount for term in terms if term.name == "weights cast for use")

    assert cast() == 2 * (10**7 + 1000 * 5000)
    assert cast(checkpointing=False) == 2 * 10**9
    assert cast(precision="fp32") == cast(gpus=2) == 0


def test_the_fewest_gpus() -> None:
    def fewest(gibibytes: float) -> int | None:
        return fewest_gpus(SHAPE, tokens=1024, precision="bf16", checkpointing=True, gibibytes=gibibytes)

    assert fewest(80) == 1
    two = fewest(10)
    assert two is not None and two > 1
    assert total(two) <= 0.9 * 10 * GIBIBYTE < total(two // 2)
    assert fewest(0.1) is None
