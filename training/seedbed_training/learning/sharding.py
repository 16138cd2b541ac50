"""A model cut over the processes (FSDP2), and its tensors put together again.

Each process keeps its part of every weight, of its gradient and of its moments. Checkpoints hold whole tensors, so that
a run may go on in any number of processes; gathering one at a time, only the first process keeps them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import distributed

from seedbed_training.learning.world import World


def shard(model: Any, world: World, *, bf16: bool) -> None:
    """Cut `model` in place, layer by layer; with `bf16` its layers compute in it, and gradients are summed in fp32.

    Each process must hold the same whole weights before.
    """
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard

    mesh = init_device_mesh(world.device.type, (world.size,))
    policy = (
        MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)
        if bf16
        else MixedPrecisionPolicy()
    )
    for layer in layers_of(model):
        fully_shard(layer, mesh=mesh, mp_policy=policy)
    fully_shard(model, mesh=mesh, mp_policy=policy)


def parted(model: Any) -> None:
    """Let go of weights that a pass without gradients left whole: until then they would hide what is loaded or learned."""
    if not distributed.is_initialized():
        return
    from torch.distributed.fsdp import FSDPModule

    for module in model.modules():
        if isinstance(module, FSDPModule):
            module.reshard()


def layers_of(model: Any) -> list[torch.nn.Module]:
    """The model's transformer layers, in order; none where they cannot be told."""
    count = getattr(model.config.get_text_config(), "num_hidden_layers", 0)
    for module in model.modules():
        if isinstance(module, torch.nn.ModuleList) and len(module) == count:
            return list(module)
    return []


def whole(tensor: torch.Tensor) -> torch.Tensor:
    """The whole of a tensor, on the CPU; of one that is cut, put together by all processes."""
    from torch.distributed.tensor import DTensor

    tensor = tensor.detach()
    return (tensor.full_tensor() if isinstance(tensor, DTensor) else tensor).cpu().contiguous()


def gathered(tensors: Mapping[str, torch.Tensor], world: World) -> dict[str, torch.Tensor]:
    """All of `tensors` whole, in the first process; nothing in the others, which take part in each."""
    pairs: Iterator[tuple[str, torch.Tensor]] = ((name, whole(tensor)) for name, tensor in tensors.items())
    return {name: tensor for name, tensor in pairs if world.first}


def part_like(tensor: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """This process's part of a whole tensor, cut and placed as `like` is."""
    from torch.distributed.tensor import DTensor, distribute_tensor

    if not isinstance(like, DTensor) or tensor.ndim == 0:  # AdamW's count of steps is never cut
        return tensor.to(like.device)
    placed = tensor.to(like.device_mesh.device_type)
    return distribute_tensor(placed, like.device_mesh, like.placements, src_data_rank=None)
