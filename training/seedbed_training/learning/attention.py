"""Attention that stays inside each document of a packed row, on any device.

A packed row is several documents end to end. Transformers would tell them apart by their positions, but does so only
when it is given no attention mask and no cache, and is silent otherwise. Here the model is given an attention function
of ours instead, which is told where the documents lie and refuses to run when it is not.

Documents come sorted by length. Those of equal length lie side by side, so a row is cut into blocks, each a plain
causal batch that is a view of the row: nothing is padded or copied, and masked only where a document is longer than a
sliding window. On a GPU in 16 bits one kernel for documents of varying lengths does the whole row.

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

_NOT_COMPUTED = ("softcap", "s_aux", "position_bias", "indices", "block_indices")
"""What layers of some architectures hand to their attention beside queries, keys and values: scores that are capped,
sinks, biases of the scores, choices among the tokens. Unread, the model would be another one."""


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
        raise not_packable(model, "its attention cannot be replaced")


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
    **others: object,
) -> tuple[torch.Tensor, None]:
    """Causal attention in each document alone; query is (1, H, T, D), the result (1, T, H, D).

    With `sliding_window` a token reads that many at most, itself among them. Raises ConfigurationError when
    `documents` did not come through, when there is a mask or cache, or when the layer asks for what is not computed
    here: rather no training than documents that read one another, or another model than the base.
    """
    if documents is None or attention_mask is not None or key.shape != value.shape:
        raise not_packable(module, "its layers do not hand on where documents lie")
    if query.shape[0] != 1 or query.shape[2] != key.shape[2] or query.shape[2] != sum(documents.lengths):
        raise not_packable(module, "its layers change the row's shape")
    if asked := [name for name in _NOT_COMPUTED if others.get(name) is not None]:
        raise not_packable(module, f"its attention needs {' and '.join(asked)}")
    window = sliding_window if sliding_window and sliding_window < documents.lengths[-1] else None
    if query.device.type != "cpu" and torch.is_autocast_enabled(query.device.type):
        # Queries and keys come in fp32 from being turned to their positions, values do not.
        kind = torch.get_autocast_dtype(query.device.type)
        query, key, value = query.to(kind), key.to(kind), value.to(kind)
    if _in_one_kernel(query, dropout):
        return _varlen(query, key, value, documents, scaling, window), None
    return _by_length(query, key, value, documents, scaling, dropout, window), None


def _in_one_kernel(query: torch.Tensor, dropout: float) -> bool:
    """Whether the kernel for documents of varying lengths takes such heads: in 16 bits, of a width it is made for."""
    return (
        query.is_cuda
        and query.dtype in {torch.bfloat16, torch.float16}
        and not dropout
        and query.shape[-1] <= 256
        and query.shape[-1] % 8 == 0
    )


def _by_length(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    documents: Documents,
    scaling: float | None,
    dropout: float,
    window: int | None,
) -> torch.Tensor:
    """One call for each length. On a CPU in fp32 whatever the rest is in: its attention in bf16 is four times slower."""
    given = query.dtype
    if query.device.type == "cpu":
        query, key, value = query.float(), key.float(), value.float()
    sizes = [count * length for count, length in documents.blocks]
    parts = zip(*(torch.split(heads.squeeze(0), sizes, dim=1) for heads in (query, key, value)), strict=True)
    outputs_tHD = []
    with torch.autocast(query.device.type, enabled=False):
        for (count, length), block in zip(documents.blocks, parts, strict=True):
            query_nHLD, key_nHLD, value_nHLD = (
                heads_HtD.unflatten(1, (count, length)).transpose(0, 1) for heads_HtD in block
            )
            mask_LL = None if window is None or window >= length else _band(length, window, query.device)
            output_nHLD = scaled_dot_product_attention(
                query_nHLD,
                key_nHLD,
                value_nHLD,
                attn_mask=mask_LL,
                is_causal=mask_LL is None,
                scale=scaling,
                dropout_p=dropout,
                enable_gqa=query.shape[1] != key.shape[1],
            )
            outputs_tHD.append(output_nHLD.transpose(1, 2).flatten(0, 1))
    return torch.cat(outputs_tHD).unsqueeze(0).to(given)


def _band(length: int, window: int, device: torch.device) -> torch.Tensor:
    """Where each of `length` tokens reads: itself and those right before it, `window` in all."""
    return torch.ones(length, length, dtype=torch.bool, device=device).tril().triu(1 - window)


def _varlen(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    documents: Documents,
    scaling: float | None,
    window: int | None,
) -> torch.Tensor:
    """Flash attention over documents of varying lengths (arXiv 2307.08691), as torch brings it for GPUs."""
    from torch.nn.attention.varlen import varlen_attn

    longest = documents.lengths[-1]
    query_THD, key_THD, value_THD = (
        heads.squeeze(0).transpose(0, 1).contiguous() for heads in (query, key, value)
    )
    output_THD = varlen_attn(
        query_THD,
        key_THD,
        value_THD,
        documents.bounds,
        documents.bounds,
        longest,
        longest,
        scale=scaling,
        window_size=(-1 if window is None else window - 1, 0),  # tokens before one's own and after it: causal
        enable_gqa=query.shape[1] != key.shape[1],
    )
    assert isinstance(output_THD, torch.Tensor)
    return output_THD.unsqueeze(0)


def not_packable(module: Any, why: str) -> ConfigurationError:
    """The error that a model whose layer `module` is cannot be packed, because `why`."""
    return ConfigurationError(
        f"{type(module).__name__} cannot be trained on packed documents: {why}",
        hint="set batching: padded in the recipe",
    )
