"""How hard a model finds each answer: what the replay strategy `surprise` orders by.

Shapes: B rows of a micro-batch, T tokens of its longest row, V words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from seedbed_training.learning.encode import EncodedSample
from seedbed_training.learning.packing import micro_batches


@torch.inference_mode()
def answer_losses(
    model: Any,
    encoded: Mapping[str, EncodedSample],
    *,
    pad_id: int,
    batch_tokens: int = 8192,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, float]:
    """Mean cross entropy of each sample's answer, in nats a token, by sample id; `progress` is told how far it is."""
    training = model.training
    model.eval()
    device = next(model.parameters()).device
    losses: dict[str, float] = {}
    for batch in micro_batches(list(encoded.values()), tokens=batch_tokens):
        width = max(len(row.input_ids) for row in batch)
        ids_BT = torch.tensor(
            [(*row.input_ids, *[pad_id] * (width - len(row.input_ids))) for row in batch], device=device
        )
        logits_BTV = model(input_ids=ids_BT, use_cache=False).logits
        for row, logits_TV in zip(batch, logits_BTV, strict=True):
            chosen = slice(
                row.loss_from - 1, len(row.input_ids) - 1
            )  # the position before a token predicts it
            targets = torch.tensor(row.input_ids[row.loss_from :], device=device)
            losses[row.id] = float(torch.nn.functional.cross_entropy(logits_TV[chosen].float(), targets))
        progress(len(losses), len(encoded))
    model.train(training)
    return losses
