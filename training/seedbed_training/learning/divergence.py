"""When a run has gone astray: a loss or gradient that is no number, or a loss that left and does not come back.

The second is told by the median loss of the last so many steps, so that a single hard batch stops nothing: a run has
diverged when that median is above `factor` times the lowest loss of the phase and more than `CLEARLY` above it. The
lowest is the lowest such median; until there is one it is where the phase began, and the steps so far are judged by it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from statistics import median_low
from typing import Any

import torch

from seedbed.errors import TrainingError
from seedbed_training.learning.encode import EncodedSample
from seedbed_training.learning.loss import Batching, answer_loss

CLEARLY = 1.0
"""Nats per token. Near the end a loss of 0.01 may well become 0.05; that is no divergence."""
_FIRST = 5
"""Steps that show where a phase began: the worst of them counts, since a few easy samples are no measure of the rest."""
_SHOWN = 8


class LossWatch:
    """The losses of one phase, in order."""

    def __init__(
        self, *, factor: float, steps: int, losses: Iterable[float] = (), vocabulary: int | None = None
    ) -> None:
        """`losses` are those of the phase's steps before, when it goes on from a checkpoint.

        Guessing among `vocabulary` tokens costs the logarithm of their number. Beyond the first step, which shows the
        model as it came, no worse loss is taken for where the phase began.
        """
        self._factor = factor
        self._last: deque[float] = deque(maxlen=steps)
        self._first: list[float] = []
        self._beginning = min(_FIRST, steps)
        self._worst = math.log(vocabulary) if vocabulary else math.inf
        self.lowest = math.inf
        for loss in losses:
            self.diverged(loss)

    def diverged(self, loss: float) -> bool:
        """Note the loss of one more step; whether the run has gone astray with it."""
        self._last.append(loss)
        if len(self._first) < self._beginning:
            self._first.append(loss)
            self.lowest = max(self._first[0], min(max(self._first), self._worst))
        if len(self._last) < self._beginning:
            return False
        now = median_low(self._last)
        if len(self._last) == self._last.maxlen:
            self.lowest = min(self.lowest, now)
        return now > max(self._factor * self.lowest, self.lowest + CLEARLY)


def not_a_number(
    model: Any, rows: Sequence[EncodedSample], batching: Batching, *, loss: float, phase: str, step: int
) -> TrainingError:
    """Names the samples whose own loss is not finite; all of the step if none is, since then the gradient overflowed."""
    culprits = [row.id for row, own in _own_losses(model, rows, batching) if not math.isfinite(own)]
    what = "the gradient" if math.isfinite(loss) else f"the loss ({loss})"
    return TrainingError(
        f"training diverged: {what} is not a finite number in phase {phase}, step {step}, "
        f"samples {_some(culprits or [row.id for row in rows])}",
        hint=f"the checkpoints before it are intact; lower learning_rate of {phase}, raise its warmup_steps, "
        "or look at these samples",
    )


def gone_astray(
    model: Any, rows: Sequence[EncodedSample], batching: Batching, *, lowest: float, phase: str, step: int
) -> TrainingError:
    """Names the samples of the step, those with the highest loss first."""
    ranked = sorted(_own_losses(model, rows, batching), key=lambda pair: (-pair[1], pair[0].id))
    return TrainingError(
        f"training diverged: the loss has left {lowest:.3g}, the lowest of phase {phase}, for good; step {step}, "
        f"samples by their loss {_some([f'{row.id} ({own:.3g})' for row, own in ranked])}",
        hint=f"lower learning_rate of {phase}, raise its warmup_steps, or look at these samples; divergence_factor and "
        "divergence_steps of the recipe say when a run is stopped",
    )


def _own_losses(
    model: Any, rows: Sequence[EncodedSample], batching: Batching
) -> list[tuple[EncodedSample, float]]:
    """Each sample's mean loss, on its own."""
    with torch.no_grad():
        return [(row, answer_loss(model, (row,), batching).item() / max(1, row.loss_tokens)) for row in rows]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
