"""A micro-batch as the tensors that a model reads, and the positions that its loss is computed on.

Shapes: B rows, T tokens of a row, N tokens that the loss is computed on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from seedbed.errors import ConfigurationError
from seedbed_training.learning.attention import Documents
from seedbed_training.learning.packing import MicroBatch


@dataclass(frozen=True, slots=True)
class ModelInput:
    """What one forward pass reads."""

    reads: dict[str, Any]
    """Arguments of the model's forward: never an attention mask, which would switch the isolation of documents off."""
    chosen_N: torch.Tensor
    """Positions in the flattened rows from which a token of an answer is predicted: each stands right before it."""
    targets_N: torch.Tensor
    """Those tokens. A document's first token is never among them, since nothing of the document predicts it."""


def packed_input(batch: MicroBatch, *, device: torch.device | str = "cpu") -> ModelInput:
    """The documents of `batch`, which come sorted by length, end to end; positions begin anew with each."""
    lengths = [len(row.input_ids) for row in batch]
    starts = [sum(lengths[:index]) for index in range(len(lengths))]
    reads = {
        "input_ids": _row([token for row in batch for token in row.input_ids], device),
        "position_ids": _row([position for length in lengths for position in range(length)], device),
        "documents": Documents.of(lengths, device),
    }
    return ModelInput(reads, _chosen(batch, starts, device), _targets(batch, device))


def padded_input(batch: MicroBatch, *, pad_id: int = 0, device: torch.device | str = "cpu") -> ModelInput:
    """One row for each document, filled up with `pad_id` at the end.

    No token that counts reads it, so it need not be the tokenizer's own: every model has an embedding for token 0.
    """
    width = max(len(row.input_ids) for row in batch)
    ids_BT = torch.tensor(
        [(*row.input_ids, *[pad_id] * (width - len(row.input_ids))) for row in batch], device=device
    )
    starts = [width * number for number in range(len(batch))]
    return ModelInput({"input_ids": ids_BT}, _chosen(batch, starts, device), _targets(batch, device))


def check_vocabulary(batch: MicroBatch, size: int) -> None:
    """Raises ConfigurationError if a token has no embedding in a model of `size` tokens: on a GPU it would end the process."""
    for row in batch:
        if (token := max(row.input_ids)) >= size:
            raise ConfigurationError(
                f"sample {row.id} has token {token} of the tokenizer, but the model has embeddings for {size} tokens "
                f"alone, 0 to {size - 1}",
                hint="use the tokenizer that the base was published with, or give the base more embeddings "
                "(resize_token_embeddings), save it and name that folder as base_model",
            )


def _row(values: Sequence[int], device: torch.device | str) -> torch.Tensor:
    return torch.tensor([values], device=device)


def _chosen(batch: MicroBatch, starts: Sequence[int], device: torch.device | str) -> torch.Tensor:
    return torch.tensor(
        [
            start + position - 1
            for start, row in zip(starts, batch, strict=True)
            for position in range(max(1, row.loss_from), len(row.input_ids))
        ],
        device=device,
    )


def _targets(batch: MicroBatch, device: torch.device | str) -> torch.Tensor:
    return torch.tensor(
        [token for row in batch for token in row.input_ids[max(1, row.loss_from) :]], device=device
    )
