"""What counts as divergence: a loss that left and does not come back, and nothing less."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed_training.learning.divergence import LossWatch


def first_stop(
    losses: list[float], *, factor: float = 3.0, steps: int = 5, vocabulary: int | None = None
) -> int | None:
    watch = LossWatch(factor=factor, steps=steps, vocabulary=vocabulary)
    return next((number for number, loss in enumerate(losses, 1) if watch.diverged(loss)), None)


def test_a_spike_is_no_divergence() -> None:
    assert first_stop([2.0] * 10 + [90.0, 90.0] + [2.0] * 10) is None


def test_a_loss_that_stays_up_is() -> None:
    assert first_stop([2.0] * 10 + [90.0] * 5) == 13  # the third of five makes the median


def test_small_losses_may_multiply() -> None:
    assert first_stop([0.01] * 10 + [0.5] * 50) is None


def test_learning_then_losing_it_is() -> None:
    assert first_stop([5.0] * 10 + [0.1] * 10 + [5.0] * 10) == 23


@pytest.mark.parametrize(("good", "stop"), [(1, 5), (5, 11), (12, 25), (20, 33)])
def test_a_loss_that_leaves_early_is_seen(good: int, stop: int) -> None:
    assert first_stop([2.0] * good + [40.0] * 100, steps=25, vocabulary=30_000) == stop


def test_where_the_first_steps_were_better_by_chance_nothing_stops() -> None:
    assert first_stop([0.1, 0.1, 0.2, 2.5] + [3.0] * 100, steps=25, vocabulary=30_000) is None


@pytest.mark.parametrize("batch", [2, 4, 16])
def test_noise_of_tiny_batches_stops_nothing(batch: int) -> None:
    """Some samples are known well already, the others are learned slowly: the mean of a few of them jumps about."""
    for seed in range(100):
        draw = random.Random(seed)
        losses = [
            sum(0.1 if draw.random() < 0.2 else draw.uniform(1.0, 4.0) for _ in range(batch)) / batch
            for _ in range(120)
        ]
        assert first_stop(losses, steps=25, vocabulary=30_000) is None, seed


@given(
    losses=st.lists(st.floats(0, 100), max_size=60),
    cut=st.integers(0, 60),
    vocabulary=st.sampled_from([None, 30]),
)
def test_a_resumed_run_stops_where_an_unbroken_one_does(
    losses: list[float], cut: int, vocabulary: int | None
) -> None:
    stop = first_stop(losses, vocabulary=vocabulary)
    if stop is not None:
        losses = losses[:stop]
        cut = min(cut, stop - 1)
    watch = LossWatch(factor=3.0, steps=5, losses=losses[:cut], vocabulary=vocabulary)
    found = [watch.diverged(loss) for loss in losses[cut:]]
    assert found == [False] * (len(found) - 1) + [stop is not None] if found else stop is None
