"""Proof, on the model itself, that a packed row teaches what its documents would teach one by one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from seedbed.errors import ConfigurationError
from seedbed_training.learning.attention import NAME, Documents, documents_attention, not_packable
from seedbed_training.learning.model import vocabulary_size
from seedbed_training.learning.sharding import parted

_LISTENING = "seedbed_documents_listening"
_ROUNDING = 1e-3
"""Of the largest logit: more than rounding changes, over many layers, from one way to compute attention to another."""


def check_attention(model: Any, *, max_tokens: int) -> None:
    """Show that documents are read as the model's own attention reads them; raises ConfigurationError.

    `model` is whole and has the attention of documents. Its own is what transformers calls eager: the faster ones leave
    out what they do not know. Windows cannot be seen in a short document: a layer that tells its attention of one is
    held to it, and where none does no document, `max_tokens` long at most, may reach beyond it.
    """
    ids = torch.arange(1, 9, device=_device(model))[None] % vocabulary_size(model)
    with _asked(model):
        ours, told = _listened_to(model, ids)
        model.set_attn_implementation("eager")
        own = model(input_ids=ids, use_cache=False).logits[0].float()
        model.set_attn_implementation(NAME)
    difference_T = (ours - own).abs().amax(-1)
    # The median, since rounding may send single tokens of a mixture of experts elsewhere. NaN passes: the loop names it.
    if difference_T.median() > _ROUNDING * own.abs().max():
        raise not_packable(model, "its own attention computes something else")
    reach = _reach(model.config.get_text_config())
    if reach is not None and reach < max_tokens and reach not in told:
        raise ConfigurationError(
            f"max_tokens is {max_tokens}, but layers of {type(model).__name__} read {reach} tokens together, "
            "and packed documents cannot be held to that",
            hint=f"set max_tokens: {reach} or less, or batching: padded in the recipe",
        )


def check_isolation(model: Any, *, autocast: bool = False) -> None:
    """Show that no document of a packed row can see another; raises ConfigurationError.

    Where the model will be trained and as it will be, in bf16 with `autocast`: each device has kernels of its own.
    Layers other than attention may mix tokens too: convolutions and state spaces do. So two rows are compared that
    differ in their first document alone: what the model says of the second must be the same to the last digits.
    """
    device = _device(model)
    size = vocabulary_size(model)
    documents = Documents.of((3, 5), device)
    positions = torch.tensor([[0, 1, 2, 0, 1, 2, 3, 4]], device=device)
    with _asked(model), torch.autocast(device.type, torch.bfloat16, enabled=autocast):
        one, other = (
            model(
                input_ids=torch.tensor([[token % size for token in (*first, *range(7, 12))]], device=device),
                position_ids=positions,
                documents=documents,
                use_cache=False,
            ).logits[0, 3:]
            for first in ((1, 2, 3), (6, 5, 4))
        )
    digits = 1e-5 if one.dtype == torch.float32 else 2e-2
    if (one - other).abs().max() > digits * one.abs().max():  # NaN passes: it is the loop's to name
        raise not_packable(model, "its layers mix the tokens of different documents")


def _listened_to(model: Any, ids: torch.Tensor) -> tuple[torch.Tensor, set[int]]:
    """What the model says of `ids`, one document of a packed row, and the windows that its layers tell of."""
    from transformers import AttentionInterface

    told: set[int] = set()

    def listening(*given: Any, **named: Any) -> Any:
        told.add(named.get("sliding_window") or 0)
        return documents_attention(*given, **named)

    AttentionInterface.register(_LISTENING, listening)
    model.set_attn_implementation(_LISTENING)
    length = ids.shape[1]
    logits_TV = model(
        input_ids=ids,
        position_ids=torch.arange(length, device=ids.device)[None],
        documents=Documents.of((length,), ids.device),
        use_cache=False,
    ).logits[0]
    return logits_TV.float(), told


def _reach(config: Any) -> int | None:
    """Of how many tokens the layers with the least see at a time, as the configuration says; None: of all."""
    kinds = getattr(config, "layer_types", None)
    spans = {"sliding_attention": "sliding_window", "chunked_attention": "attention_chunk_size"}
    named = [getattr(config, name, None) for kind, name in spans.items() if kinds is None or kind in kinds]
    return min((int(span) for span in named if span), default=None)


@contextmanager
def _asked(model: Any) -> Iterator[None]:
    """No gradients, no dropout, nothing compiled for so few tokens; weights that are cut over processes are so again."""
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad(), torch.compiler.set_stance("force_eager"):
            yield
    finally:
        parted(model)
        model.train(was_training)


def _device(model: Any) -> torch.device:
    device: torch.device = next(model.parameters()).device
    return device
