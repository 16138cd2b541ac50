"""What is told of each step: to whoever watches, and to trackers."""

from __future__ import annotations

import time
from collections.abc import Callable

from seedbed_training.learning.loop import StepResult
from seedbed_training.learning.position import Position
from seedbed_training.learning.progress import Progress, StepReport


def tracked_values(position: Position, result: StepResult) -> dict[str, float]:
    """The figures of a step by the names that trackers show; no loss where there was nothing to train on."""
    learned = {"loss": result.loss, "gradient_norm": result.gradient_norm} if result.loss_tokens else {}
    return {
        **learned,
        "learning_rate": result.learning_rate,
        "tokens": result.tokens,
        "replay_tokens": result.replay_tokens,
        "tokens_per_second": result.tokens / max(result.seconds, 1e-9),
        "phase": position.phase_index,
    }


def reporter(position: Position, progress: Progress) -> Callable[[StepResult], None]:
    """Tells `progress` of each step, with the speed since now and the time that the phase still needs at that speed."""
    began, first_step, tokens = time.monotonic(), position.step, 0

    def report(result: StepResult) -> None:
        nonlocal tokens
        tokens += result.tokens
        elapsed = max(time.monotonic() - began, 1e-9)
        left = elapsed / (result.step - first_step) * (position.steps - result.step)
        progress.step(
            StepReport(
                phase=position.phase,
                step=result.step,
                steps=position.steps,
                loss=result.loss if result.loss_tokens else None,
                learning_rate=result.learning_rate,
                gradient_norm=result.gradient_norm,
                tokens=result.tokens,
                seconds=result.seconds,
                tokens_per_second=tokens / elapsed,
                seconds_left=left,
            )
        )

    return report
