"""How hard a model finds each answer: what the replay strategy `surprise` orders by."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch

from seedbed.generation.sample import Sample
from seedbed_training.learning.encode import load_encoder
from seedbed_training.learning.loss import answer_logits
from seedbed_training.learning.model import load_student, vocabulary_size
from seedbed_training.learning.model_input import check_vocabulary, padded_input
from seedbed_training.learning.numerics import fitting_threads
from seedbed_training.learning.packing import MicroBatch, micro_batches
from seedbed_training.learning.world import joined_world

Progress = Callable[[int, int], None]

_MEETING = ExitStack()
"""Lasts as long as the process: were the same processes to meet anew to train, they might find the first addresses."""
atexit.register(_MEETING.close)


def answer_losses(
    folder: Path,
    samples: Mapping[str, Sample],
    *,
    batch_tokens: int = 8192,
    progress: Progress = lambda done, total: None,
) -> dict[str, float]:
    """Mean cross entropy of each sample's answer under the model in `folder`, in nats a token, by sample id.

    Costs one forward pass over all samples, on the GPU where there is one with room for the model. Processes that
    torchrun started share the passes; each must call this, and gets the same. `progress` is told how many are done.
    Samples longer than the model reads are left out. Raises ConfigurationError when the model cannot be loaded, or has
    no embedding for a token.
    """
    student, encoder = load_student(folder), load_encoder(folder)
    encoded, _ = encoder.encode_all(samples, max_tokens=student.context)
    batches = micro_batches(list(encoded.values()), tokens=batch_tokens)
    check_vocabulary(tuple(encoded.values()), vocabulary_size(student.model))
    model: Any = student.model.eval()
    losses: list[float] = []
    world = _MEETING.enter_context(joined_world())
    with torch.inference_mode(), fitting_threads(model):
        _move(model, world.device, batch_tokens)
        for number, batch in enumerate(batches):
            # Batches do not depend on how many processes share them, so neither do the last digits.
            mine = number % world.size == world.rank
            losses += _of_each(model, batch) if mine else [0.0] * len(batch)
            if mine:
                progress(len(losses), len(encoded))
        losses = world.sums(losses)
    return dict(zip((row.id for batch in batches for row in batch), losses, strict=True))


def _of_each(model: Any, batch: MicroBatch) -> list[float]:
    given = padded_input(batch, device=next(model.parameters()).device)
    losses_N = torch.nn.functional.cross_entropy(
        answer_logits(model, given), given.targets_N, reduction="none"
    )
    parts = torch.split(losses_N, [row.loss_tokens for row in batch])
    return torch.stack([part.mean() for part in parts]).tolist()


def _move(model: Any, device: torch.device, tokens: int) -> None:
    """To a GPU that has room for the weights and for the logits of so many tokens; otherwise it stays where it is."""
    if device.type != "cuda":
        return
    weights = sum(weight.numel() * weight.element_size() for weight in model.parameters())
    free, _ = torch.cuda.mem_get_info(device)
    if free > weights + 8 * tokens * vocabulary_size(model):
        model.to(device)
