"""How hard a model finds each answer: what the replay strategy `surprise` orders by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from seedbed.generation.sample import Sample
from seedbed_training.learning.encode import load_encoder
from seedbed_training.learning.model import load_student
from seedbed_training.learning.model_input import padded_input
from seedbed_training.learning.numerics import fitting_threads
from seedbed_training.learning.packing import micro_batches

Progress = Callable[[int, int], None]


def answer_losses(
    folder: Path,
    samples: Mapping[str, Sample],
    *,
    batch_tokens: int = 8192,
    progress: Progress = lambda done, total: None,
) -> dict[str, float]:
    """Mean cross entropy of each sample's answer under the model in `folder`, in nats a token, by sample id.

    Costs one forward pass over all samples; `progress` is told how many are done. Samples longer than the model reads
    are left out. Raises ConfigurationError when the model cannot be loaded.
    """
    student, encoder = load_student(folder), load_encoder(folder)
    encoded, _ = encoder.encode_all(samples, max_tokens=student.context)
    model: Any = student.model.eval()
    losses: dict[str, float] = {}
    with torch.inference_mode(), fitting_threads(model):
        for batch in micro_batches(list(encoded.values()), tokens=batch_tokens, packed=False):
            given = padded_input(batch, pad_id=encoder.pad_id, device=student.device)
            logits_BTV = model(**given.reads, use_cache=False).logits
            chosen_NV = logits_BTV.flatten(0, 1).index_select(0, given.chosen_N).float()
            losses_N = torch.nn.functional.cross_entropy(chosen_NV, given.targets_N, reduction="none")
            parts = torch.split(losses_N, [row.loss_tokens for row in batch])
            losses.update({row.id: float(part.mean()) for row, part in zip(batch, parts, strict=True)})
            progress(len(losses), len(encoded))
    return losses
