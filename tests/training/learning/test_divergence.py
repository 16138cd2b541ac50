"""What counts as divergence: a loss that left and does not come back, and nothing less."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from seedbed_training.learning.divergence import LossWatch


def first_stop(losses: list[float], *, factor: float = 3.0, steps: int = 5) -> int | None:
    watch = LossWatch(factor=factor, steps=steps)
    return next((number for number, loss in enumerate(losses, 1) if watch.diverged(loss)), None)


def test_a_spike_is_no_divergence() -> None:
    assert first_stop([2.0] * 10 + [90.0, 90.0] + [2.0] * 10) is None


def test_a_loss_that_stays_up_is() -> None:
    assert first_stop([2.0] * 10 + [90.0] * 5) == 13  # the third of five makes the median


def test_small_losses_may_multiply() -> None:
    assert first_stop([0.01] * 10 + [0.5] * 50) is None


def test_learning_then_losing_it_is() -> None:
    assert first_stop([5.0] * 10 + [0.1] * 10 + [5.0] * 10) == 23


@given(losses=st.lists(st.floats(0, 100), max_size=60), cut=st.integers(0, 60))
def test_a_resumed_run_stops_where_an_unbroken_one_does(losses: list[float], cut: int) -> None:
    stop = first_stop(losses)
    if stop is not None:
        losses = losses[:stop]
        cut = min(cut, stop - 1)
    watch = LossWatch(factor=3.0, steps=5, losses=losses[:cut])
    found = [watch.diverged(loss) for loss in losses[cut:]]
    assert found == [False] * (len(found) - 1) + [stop is not None] if found else stop is None
