"""The learning rate of each step."""

from __future__ import annotations

import math

from seedbed_training.planning.recipe import PhaseRecipe

_DECAYED = 0.1
"""Share of a phase over which `stable_decay` falls (arXiv 2405.18392 finds 10 to 20 % enough)."""


def learning_rate_at(phase: PhaseRecipe, schedule: str, *, step: int, steps: int) -> float:
    """The learning rate of the step with index `step` (0 for the first) of `steps`.

    It rises in a straight line to the peak, which the last warm-up step reaches. Then it stays there (`constant`), or
    falls towards 0, which it would reach one step after the end: in a straight line (`linear`), along half a cosine
    (`cosine`), or only over the phase's last tenth (`stable_decay`).
    """
    if step < phase.warmup_steps:
        return phase.learning_rate * (step + 1) / phase.warmup_steps
    left, whole = steps - step, steps - phase.warmup_steps
    match schedule:
        case "linear":
            return phase.learning_rate * left / whole
        case "cosine":
            return phase.learning_rate * (1 - math.cos(math.pi * left / whole)) / 2
        case "stable_decay":
            return phase.learning_rate * min(1.0, left / max(1, round(_DECAYED * steps)))
        case _:
            return phase.learning_rate
