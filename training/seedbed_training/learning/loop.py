"""The training loop: one phase of a plan, one optimiser step after another."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from seedbed_training.learning.divergence import LossWatch, gone_astray, not_a_number
from seedbed_training.learning.encode import EncodedSample
from seedbed_training.learning.loss import Batching, accumulate_gradients
from seedbed_training.learning.model import vocabulary_size
from seedbed_training.learning.packing import split_over_ranks
from seedbed_training.learning.schedule import learning_rate_at
from seedbed_training.learning.sharding import whole
from seedbed_training.learning.world import ALONE, World
from seedbed_training.planning.plan import PhasePlan, PlannedSample, Why
from seedbed_training.planning.recipe import PhaseRecipe, TrainingRecipe

Rows = Callable[[Sequence[PlannedSample]], Sequence[EncodedSample]]
"""Encodes the samples of a step, in their order, without those that are left out."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """What one optimiser step did; `step` is 1 for a phase's first."""

    step: int
    loss: float
    """Mean cross entropy, in nats, over the answers' tokens of the whole effective batch; 0 where it has none."""
    learning_rate: float
    gradient_norm: float  # before clipping
    tokens: int  # read by the model, prompts included, padding not
    loss_tokens: int
    replay_tokens: int  # of `tokens`, those of replayed samples
    samples: str  # sha256, 16 digits, of the ids of the samples in the plan's order: proof of what the step was given
    seconds: float


class StepDropped(Exception):
    """A stop was asked for in the midst of a step: weights and optimiser are as they were before it."""


def new_optimizer(model: Any, phase: PhaseRecipe, recipe: TrainingRecipe) -> torch.optim.AdamW:
    """AdamW with no memory of earlier phases; weight decay on matrices alone, as is usual.

    Each phase starts anew, as LAB's do: the moments of one kind of data say nothing of the next, and warm-up shields
    the weights while new ones are gathered. It is also why a phase's last checkpoint needs no optimiser.
    """
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    matrices = [weight for weight in weights if weight.ndim >= 2]
    vectors = [weight for weight in weights if weight.ndim < 2]
    groups = [(matrices, recipe.weight_decay), (vectors, 0.0)]
    return torch.optim.AdamW(
        [{"params": group, "weight_decay": decay} for group, decay in groups if group],
        lr=phase.learning_rate,
        betas=recipe.betas,
        eps=recipe.epsilon,
        fused=True,
    )


def train_phase(
    model: Any,
    optimizer: torch.optim.Optimizer,
    phase: PhasePlan,
    rows_of: Rows,
    recipe: TrainingRecipe,
    batching: Batching,
    *,
    seed: int,
    first_step: int = 0,
    losses: Iterable[float] = (),
    world: World = ALONE,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[StepResult]:
    """Run the steps of `phase` from index `first_step` on, yielding after each; `losses` are those of the steps before.

    Order comes from the plan alone, and every process works out every other's part of a step. A step whose samples are
    all left out changes nothing. Before each pass of the model any process may `stop`: the step is dropped in all of
    them, by StepDropped. Raises TrainingError, with the weights as they were before the step, when the loss or
    the gradient is no longer a finite number, or when the loss has left for good (`divergence.py`).
    """
    model.train()
    watch = LossWatch(
        factor=recipe.divergence_factor,
        steps=recipe.divergence_steps,
        losses=losses,
        vocabulary=vocabulary_size(model),
    )
    for step in range(first_step, len(phase.steps)):
        began = time.monotonic()
        planned = [phase.samples[index] for index in phase.steps[step]]
        rows = rows_of(planned)
        rate = learning_rate_at(phase.recipe, recipe.schedule, step=step, steps=len(phase.steps))
        loss, norm = 0.0, 0.0
        if rows:
            torch.manual_seed(_step_seed(seed, phase.recipe.name, step))  # for dropout, where a model has it
            optimizer.zero_grad(set_to_none=True)
            with _asked_before_each_pass(model, stop, world):
                loss = _gradients(model, rows, batching, world)
            weights = [weight for weight in model.parameters() if weight.requires_grad]
            norm = whole(torch.nn.utils.clip_grad_norm_(weights, recipe.gradient_clip)).item()
            name = phase.recipe.name
            if not (math.isfinite(loss) and math.isfinite(norm)):
                raise not_a_number(model, rows, batching, loss=loss, phase=name, step=step + 1)
            if watch.diverged(loss):
                raise gone_astray(model, rows, batching, lowest=watch.lowest, phase=name, step=step + 1)
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.step()
        yield StepResult(
            step=step + 1,
            loss=loss,
            learning_rate=rate,
            gradient_norm=norm,
            tokens=sum(len(row.input_ids) for row in rows),
            loss_tokens=sum(row.loss_tokens for row in rows),
            replay_tokens=_replayed(planned, rows),
            samples=hashlib.sha256("\n".join(row.id for row in rows).encode()).hexdigest()[:16],
            seconds=time.monotonic() - began,
        )


@contextmanager
def _asked_before_each_pass(model: Any, stop: Callable[[], bool], world: World) -> Iterator[None]:
    """Every process makes as many passes as the others, so that all of them leave the step before the same one."""

    def ask(*_: object) -> None:
        if world.any(stop()):
            raise StepDropped

    hook = model.register_forward_pre_hook(ask, prepend=True)  # before weights that are cut are put together
    try:
        yield
    finally:
        hook.remove()


def _gradients(model: Any, rows: Sequence[EncodedSample], batching: Batching, world: World) -> float:
    """Leave the step's gradient in the weights; the loss of the whole effective batch."""
    parts = split_over_ranks(rows, world.size)
    own = accumulate_gradients(
        model,
        parts[world.rank],
        batching,
        loss_tokens=sum(row.loss_tokens for row in rows),
        passes=max(len(batching.cut(part)) for part in parts) if world.size > 1 else 0,
        ranks=world.size,
    )
    return world.sums([own.item()])[0]


def _replayed(planned: Sequence[PlannedSample], rows: Sequence[EncodedSample]) -> int:
    replayed = {sample.id for sample in planned if sample.why is not Why.FRESH}
    return sum(len(row.input_ids) for row in rows if row.id in replayed)


def _step_seed(seed: int, phase: str, step: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}/{phase}/{step}".encode()).digest()[:7])
