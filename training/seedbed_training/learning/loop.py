"""The training loop: one phase of a plan, one optimiser step after another.

Shapes: B rows of a micro-batch, T tokens of its longest row, N tokens that the loss is computed on, D hidden, V words.
"""

from __future__ import annotations

import hashlib
import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from seedbed.errors import TrainingError
from seedbed_training.learning.encode import EncodedSample
from seedbed_training.learning.packing import MicroBatch, micro_batches
from seedbed_training.planning.plan import PhasePlan
from seedbed_training.planning.recipe import PhaseRecipe, TrainingRecipe


@dataclass(frozen=True, slots=True)
class StepResult:
    """What one optimiser step did; `step` is 1 for a phase's first."""

    step: int
    loss: float  # mean cross entropy, in nats, over the answers' tokens of the whole effective batch
    learning_rate: float
    gradient_norm: float  # before clipping
    tokens: int  # read by the model, prompts included, padding not
    loss_tokens: int
    seconds: float


def new_optimizer(model: Any, phase: PhaseRecipe, recipe: TrainingRecipe) -> torch.optim.AdamW:
    """AdamW with no memory of earlier phases; weight decay on matrices alone, as is usual.

    Each phase starts anew, as LAB's do: the moments of one kind of data say nothing of the next, and warm-up shields
    the weights while new ones are gathered. It is also why a phase's last checkpoint needs no optimiser.
    """
    matrices = [weight for weight in model.parameters() if weight.ndim >= 2]
    vectors = [weight for weight in model.parameters() if weight.ndim < 2]
    return torch.optim.AdamW(
        [
            {"params": matrices, "weight_decay": recipe.weight_decay},
            {"params": vectors, "weight_decay": 0.0},
        ],
        lr=phase.learning_rate,
        betas=recipe.betas,
        eps=recipe.epsilon,
        fused=True,
    )


def learning_rate_at(phase: PhaseRecipe, schedule: str, *, step: int, steps: int) -> float:
    """The learning rate of the step with index `step` (0 for the first) of `steps`.

    It rises in a straight line to the peak, which the last warm-up step reaches; then it stays there (`constant`) or
    falls in a straight line that would reach 0 one step after the end (`linear`).
    """
    if step < phase.warmup_steps:
        return phase.learning_rate * (step + 1) / phase.warmup_steps
    if schedule == "linear":
        return phase.learning_rate * (steps - step) / (steps - phase.warmup_steps)
    return phase.learning_rate


def train_phase(
    model: Any,
    optimizer: torch.optim.Optimizer,
    phase: PhasePlan,
    encoded: Mapping[str, EncodedSample],
    recipe: TrainingRecipe,
    *,
    seed: int,
    pad_id: int,
    first_step: int = 0,
) -> Iterator[StepResult]:
    """Run the steps of `phase` from index `first_step` on, yielding after each.

    Order comes from the plan alone. Samples that are not in `encoded` were left out and are passed over; a step of
    nothing else changes nothing. Raises TrainingError, with the weights as they were before the step, when the loss or
    the gradient is no longer a finite number.
    """
    model.train()
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    for step in range(first_step, len(phase.steps)):
        began = time.monotonic()
        ids = (phase.samples[index].id for index in phase.steps[step])
        rows = [encoded[identity] for identity in ids if identity in encoded]
        rate = learning_rate_at(phase.recipe, recipe.schedule, step=step, steps=len(phase.steps))
        loss_tokens = sum(row.loss_tokens for row in rows)
        loss, norm = 0.0, 0.0
        if rows:
            torch.manual_seed(_step_seed(seed, phase.recipe.name, step))  # for dropout, where a model has it
            optimizer.zero_grad(set_to_none=True)
            loss = accumulate_gradients(
                model,
                micro_batches(rows, tokens=recipe.micro_batch_tokens),
                loss_tokens=loss_tokens,
                pad_id=pad_id,
                precision=recipe.precision,
            )
            norm = float(torch.nn.utils.clip_grad_norm_(weights, recipe.gradient_clip))
            if not (math.isfinite(loss) and math.isfinite(norm)):
                raise _diverged(model, phase.recipe.name, step, rows, loss, pad_id, recipe.precision)
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.step()
        tokens = sum(len(row.input_ids) for row in rows)
        yield StepResult(step + 1, loss, rate, norm, tokens, loss_tokens, time.monotonic() - began)


def accumulate_gradients(
    model: Any, batches: Sequence[MicroBatch], *, loss_tokens: int, pad_id: int, precision: str = "fp32"
) -> float:
    """Add the gradient of the effective batch's mean loss to the model's weights; returns that loss.

    Each micro-batch's sum is divided by the `loss_tokens` of the whole effective batch, so that how it was cut into
    micro-batches does not change what any token weighs.
    """
    total = torch.zeros((), dtype=torch.float64)
    for batch in batches:
        loss = answer_loss(model, batch, pad_id=pad_id, precision=precision) / loss_tokens
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.detach().double().cpu()
    return float(total)


def answer_loss(model: Any, batch: MicroBatch, *, pad_id: int, precision: str = "fp32") -> torch.Tensor:
    """Sum of the cross entropy of the answers' tokens of a micro-batch, in nats.

    Only the positions that predict an answer's token reach the output head: most of a chat sample is prompt, and the
    head is the largest matrix of a small model. They are chosen on the way into the head, so that whatever a model does
    to its logits afterwards (scaling, soft-capping) still happens.
    """
    device = next(model.parameters()).device
    width = max(len(row.input_ids) for row in batch)
    ids_BT = torch.tensor(
        [(*row.input_ids, *[pad_id] * (width - len(row.input_ids))) for row in batch], device=device
    )
    chosen_N = torch.tensor(
        [
            number * width + position - 1  # the position before a token predicts it
            for number, row in enumerate(batch)
            for position in range(row.loss_from, len(row.input_ids))
        ],
        device=device,
    )
    targets_N = torch.tensor(
        [token for row in batch for token in row.input_ids[row.loss_from :]], device=device
    )

    def choose(_: object, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        return (inputs[0].flatten(0, 1).index_select(0, chosen_N), *inputs[1:])

    hook = model.get_output_embeddings().register_forward_pre_hook(choose)
    try:
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
            logits_NV = model(input_ids=ids_BT, use_cache=False).logits
    finally:
        hook.remove()
    return torch.nn.functional.cross_entropy(logits_NV.float(), targets_N, reduction="sum")


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether an accelerator's or the CPU's allocator gave up; for the CPU's, torch has no class of its own."""
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


@contextmanager
def repeatable() -> Iterator[None]:
    """Deterministic algorithms alone, and the random state of the caller untouched; as it was before, afterwards."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # CUDA's matrix products ask for it
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        with torch.random.fork_rng():
            yield
    finally:
        torch.use_deterministic_algorithms(before)


SMALL_MODEL = 20_000_000
"""Parameters below which one thread computes on the CPU. The products of such a model take microseconds: handing them
out to several threads gains little on idle cores and loses most of the speed on shared ones."""


@contextmanager
def fitting_threads(model: Any) -> Iterator[None]:
    """As many threads as the model is worth; the caller's own number afterwards."""
    before = torch.get_num_threads()
    if sum(weight.numel() for weight in model.parameters()) < SMALL_MODEL:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _step_seed(seed: int, phase: str, step: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}/{phase}/{step}".encode()).digest()[:7])


def _diverged(
    model: Any,
    phase: str,
    step: int,
    rows: Sequence[EncodedSample],
    loss: float,
    pad_id: int,
    precision: str,
) -> TrainingError:
    """Names the samples whose own loss is not finite; all of the step if none is, since then the gradient overflowed."""
    with torch.no_grad():
        culprits = [
            row.id
            for row in rows
            if not math.isfinite(answer_loss(model, (row,), pad_id=pad_id, precision=precision).item())
        ]
    what = "the gradient" if math.isfinite(loss) else f"the loss ({loss})"
    ids = culprits or [row.id for row in rows]
    shown = ", ".join(ids[:8]) + (f" and {len(ids) - 8} more" if len(ids) > 8 else "")
    return TrainingError(
        f"training diverged: {what} is not a finite number in phase {phase}, step {step + 1}, samples {shown}",
        hint=f"the checkpoints before it are intact; lower learning_rate of {phase}, raise its warmup_steps, "
        "or look at these samples",
    )
