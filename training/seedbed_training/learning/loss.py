"""The loss of an effective batch, and its gradient, however it is cut into micro-batches and over ranks.

Shapes: N tokens that the loss is computed on, D hidden, V words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from seedbed_training.learning.encode import EncodedSample
from seedbed_training.learning.model import vocabulary_size
from seedbed_training.learning.model_input import ModelInput, check_vocabulary, packed_input, padded_input
from seedbed_training.learning.packing import MicroBatch, micro_batches

_NOTHING = (EncodedSample("", (0, 0), 1),)
"""What a rank computes, weighed zero, when it has nothing left: sharded layers need every rank in every pass."""


@dataclass(frozen=True, slots=True)
class Batching:
    """How the samples of a step become passes of the model."""

    tokens: int  # of one pass at most
    packed: bool
    pad_id: int = 0  # read by no token that counts
    autocast: bool = False  # to bf16

    def cut(self, samples: Sequence[EncodedSample]) -> tuple[MicroBatch, ...]:
        """The micro-batches of one rank's samples."""
        return micro_batches(samples, tokens=self.tokens, packed=self.packed)

    def input(self, batch: MicroBatch, device: torch.device | str) -> ModelInput:
        """The tensors of one of them."""
        if self.packed:
            return packed_input(batch, device=device)
        return padded_input(batch, pad_id=self.pad_id, device=device)


def accumulate_gradients(
    model: Any,
    samples: Sequence[EncodedSample],
    batching: Batching,
    *,
    loss_tokens: int,
    passes: int = 0,
    ranks: int = 1,
) -> torch.Tensor:
    """Add the gradient of the effective batch's mean loss to the model's weights; returns this rank's part of that loss.

    Each micro-batch's sum is divided by the `loss_tokens` of the whole effective batch, over all micro-batches and
    ranks, so that how it was cut does not change what any token weighs. `passes` is how many the busiest rank makes;
    `ranks` undoes the mean that sharded weights take over them.
    """
    batches = batching.cut(samples)
    total = torch.zeros((), dtype=torch.float64, device=_device(model))
    for batch in batches:
        loss = answer_loss(model, batch, batching) / loss_tokens
        (loss * ranks if ranks > 1 else loss).backward()  # type: ignore[no-untyped-call]
        total += loss.detach().double()
    for _ in range(passes - len(batches)):
        (answer_loss(model, _NOTHING, batching) * 0.0).backward()  # type: ignore[no-untyped-call]
    return total


def answer_loss(model: Any, batch: MicroBatch, batching: Batching) -> torch.Tensor:
    """Sum of the cross entropy of the answers' tokens of a micro-batch, in nats.

    Raises ConfigurationError when a token has no embedding.
    """
    check_vocabulary(batch, vocabulary_size(model))
    given = batching.input(batch, _device(model))
    return torch.nn.functional.cross_entropy(
        answer_logits(model, given, autocast=batching.autocast), given.targets_N, reduction="sum"
    )


def answer_logits(model: Any, given: ModelInput, *, autocast: bool = False) -> torch.Tensor:
    """What the model says, (N, V) in fp32, at the positions that predict an answer's token.

    They alone reach the output head: most of a chat sample is prompt, and the head is the largest matrix of a small
    model. They are chosen on the way into the head, so that whatever a model does to its logits afterwards (scaling,
    soft-capping) still happens.
    """

    def choose(_: object, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        return (inputs[0].flatten(0, 1).index_select(0, given.chosen_N), *inputs[1:])

    hook = model.get_output_embeddings().register_forward_pre_hook(choose)
    kind = _device(model).type
    # Every weight is used once in a pass, so keeping its cast until the end saves nothing and takes 2 bytes a parameter.
    cast = torch.autocast(kind, torch.bfloat16, enabled=autocast, cache_enabled=False)
    try:
        with cast:
            logits_NV: torch.Tensor = model(**given.reads, use_cache=False).logits
    finally:
        hook.remove()
    return logits_NV.float()


def not_in_loss(model: Any) -> str | None:
    """What is to be said of a model for which transformers knows a loss that is not computed here; None: nothing."""
    config = model.config.get_text_config()
    names = ("num_local_experts", "num_experts", "n_routed_experts")
    if max(getattr(config, name, None) or 0 for name in names) < 2:
        return None
    return (
        f"{type(model).__name__} is a mixture of experts, trained on the answers alone: a loss that balances the load "
        "of the experts would depend on how a batch is cut, and is not added"
    )


def _device(model: Any) -> torch.device:
    device: torch.device = next(model.parameters()).device
    return device
