"""Attention that stays inside each document of a packed row, on any device.

A packed row is several documents end to end. Transformers would tell them apart by their positions, but does so only
when it is given no attention mask and no cache, and is silent otherwise. Here the model is given an attention function
of ours instead, which is told where the documents lie and refuses to run when it is not.

Documents come sorted by length. Those of equal length lie side by side, so a row is cut into blocks, each a plain
causal batch that is a view of the row: nothing is padded, masked or copied. On a GPU in 16 bits one kernel for
documents of varying lengths does the whole row.

Shapes: T tokens of the row, H heads, D width of a head, n documents of L tokens in a block.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention

from seedbed.errors import ConfigurationError

NAME = "seedbed_documents"
"""What transformers knows the function by."""


@dataclass(frozen=True, slots=True)
class Documents:
    """Where the documents of a packed row lie."""

    lengths: tuple[int, ...]
    """In tokens, in their order in the row, shortest first."""
    bounds: torch.Tensor
    """int32, one more than there are documents: where each begins, and the row's end. On the model's device."""

    @classmethod
    def of(cls, lengths: Sequence[int], device: torch.device | str = "cpu") -> Documents:
        """The documents of a row in which they stand in this order; it must be by length."""
        assert list(lengths) == sorted(lengths)
        bounds = torch.tensor([0, *itertools.accumulate(lengths)], dtype=torch.int32, device=device)
        return cls(tuple(lengths), bounds)

    @property
    def blocks(self) -> tuple[tuple[int, int], ...]:
        """(n, L) of each block of equal documents, in order."""
        return tuple((len(list(equal)), length) for length, equal in itertools.groupby(self.lengths))


def attend_inside_documents(model: Any) -> None:
    """Give `model` the attention of this module. Raises ConfigurationError where its architecture cannot take it."""
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, documents_attention)
    model.set_attn_implementation(NAME)
    if model.config._attn_implementation != NAME:
        raise _not_packable(model, "its attention cannot be replaced")


@torch.compiler.disable  # type: ignore[untyped-decorator]
def documents_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    documents: Documents | None = None,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    **_: object,
) -> tuple[torch.Tensor, None]:
    """Causal attention in each document alone; query is (1, H, T, D), the result (1, T, H, D).

    Raises ConfigurationError when `documents` did not come through, when there is a mask or cache, or when documents
    are longer than a sliding window: rather no training than documents that read one another.
    """
    if documents is None or attention_mask is not None or key.shape != value.shape:
        raise _not_packable(module, "its layers do not hand on where documents lie")
    if query.shape[0] != 1 or query.shape[2] != key.shape[2] or query.shape[2] != sum(documents.lengths):
        raise _not_packable(module, "its layers change the row's shape")
    if sliding_window is not None and documents.lengths[-1] > sliding_window:
        raise _not_packable(
            module,
            f"a document of {documents.lengths[-1]} tokens is longer than its window of {sliding_window}",
        )
    if query.is_cuda and query.dtype in {torch.bfloat16, torch.float16} and not dropout:
        return _varlen(query, key, value, documents, scaling), None
    return _by_length(query, key, value, documents, scaling, dropout), None


def check_isolation(model: Any, *, vocabulary: int) -> None:
    """Show, on the model itself, that no document of a packed row can see another; raises ConfigurationError.

    Layers other than attention may mix tokens too: convolutions and state spaces do. So two rows are compared that
    differ in their first document alone: what the model says of the second must be the same to the last digits.
    """
    device = next(model.parameters()).device
    documents = Documents.of((3, 5), device)
    positions = torch.tensor([[0, 1, 2, 0, 1, 2, 3, 4]], device=device)
    second = [index % vocabulary for index in range(7, 12)]
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            one, other = (
                model(
                    input_ids=torch.tensor(
                        [[token % vocabulary for token in (*first, *second)]], device=device
                    ),
                    position_ids=positions,
                    documents=documents,
                    use_cache=False,
                ).logits[0, 3:]
                for first in ((1, 2, 3), (6, 5, 4))
            )
    finally:
        model.train(was_training)
    if (one - other).abs().max() > 1e-5 * one.abs().max():  # NaN passes: it is the loop's to name
        raise _not_packable(model, "its layers mix the tokens of different documents")


def _by_length(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    documents: Documents,
    scaling: float | None,
    dropout: float,
) -> torch.Tensor:
    """One call for each length. On a CPU in fp32 whatever the rest is in: its attention in bf16 is four times slower."""
    given = query.dtype
    if query.device.type == "cpu":
        query, key, value = query.float(), key.float(), value.float()
    sizes = [count * length for count, length in documents.blocks]
    parts = zip(*(torch.split(heads[0], sizes, dim=1) for heads in (query, key, value)), strict=True)
    outputs_tHD = []
    with torch.autocast(query.device.type, enabled=False):
        for (count, length), block in zip(documents.blocks, parts, strict=True):
            query_nHLD, key_nHLD, value_nHLD = (
                heads_HtD.unflatten(1, (count, length)).transpose(0, 1) for heads_HtD in block
            )
            output_nHLD = scaled_dot_product_attention(
                query_nHLD,
                key_nHLD,
                value_nHLD,
                is_causal=True,
                scale=scaling,
                dropout_p=dropout,
                enable_gqa=query.shape[1] != key.shape[1],
            )
            outputs_tHD.append(output_nHLD.transpose(1, 2).flatten(0, 1))
    return torch.cat(outputs_tHD)[None].to(given)


def _varlen(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, documents: Documents, scaling: float | None
) -> torch.Tensor:
    """Flash attention over documents of varying lengths (arXiv 2307.08691), as torch brings it for GPUs."""
    from torch.nn.attention.varlen import varlen_attn

    longest = documents.lengths[-1]
    query_THD, key_THD, value_THD = (heads[0].transpose(0, 1).contiguous() for heads in (query, key, value))
    output_THD = varlen_attn(
        query_THD,
        key_THD,
        value_THD,
        documents.bounds,
        documents.bounds,
        longest,
        longest,
        scale=scaling,
        window_size=(-1, 0),  # causal
        enable_gqa=query.shape[1] != key.shape[1],
    )
    assert isinstance(output_THD, torch.Tensor)
    return output_THD[None]


def _not_packable(module: Any, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"{type(module).__name__} cannot be trained on packed documents: {why}",
        hint="set batching: padded in the recipe",
    )
