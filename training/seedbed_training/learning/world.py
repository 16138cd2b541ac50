"""The processes that train together: one for each GPU, or for each part of a CPU, started by torchrun."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
from torch import distributed

from seedbed.errors import ConfigurationError

PATIENCE = timedelta(hours=2)
"""How long a process waits for the others: the first one writes and checks checkpoints of many gigabytes meanwhile."""


@dataclass(frozen=True, slots=True)
class World:
    """This process among `size`; each of them calls every method below, in the same order."""

    rank: int
    size: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this is the process that writes and reports."""
        return self.rank == 0

    def sums(self, values: Sequence[float]) -> list[float]:
        """Each value summed over the processes."""
        if self.size == 1:
            return list(values)
        tensor = torch.tensor(values, dtype=torch.float64, device=self.device)
        distributed.all_reduce(tensor)
        return [float(value) for value in tensor.tolist()]

    def from_first(self, value: Any) -> Any:
        """What the first process gives; the others' `value` is not used."""
        if self.size == 1:
            return value
        shared = [value]
        distributed.broadcast_object_list(shared, src=0, device=self.device)
        return shared[0]

    def any(self, asked: bool) -> bool:
        """Whether one of the processes says so. It goes over CPUs, so that no GPU is waited for."""
        if self.size == 1:
            return asked
        said = torch.tensor([asked], dtype=torch.int32)
        distributed.all_reduce(said)
        return bool(said.item())

    def from_each(self, value: Any) -> list[Any]:
        """What each process gives, in their order."""
        if self.size == 1:
            return [value]
        given: list[Any] = [None] * self.size
        distributed.all_gather_object(given, value)
        return given


ALONE = World(0, 1, torch.device("cpu"))


def is_first() -> bool:
    """Whether this process is the one that writes and reports; true where torchrun started none."""
    return _number("RANK", "0") == 0


@contextmanager
def joined_world() -> Iterator[World]:
    """Meet the processes that torchrun started, if it did; part from them at the end.

    Each takes a GPU of its own where there are GPUs, and a part of the CPU otherwise. Raises ConfigurationError when a
    machine has fewer GPUs than processes, or when the environment tells of other processes but not how to meet them.
    """
    size = _number("WORLD_SIZE", "1")
    device = _device(_number("LOCAL_RANK", "0"))
    if size == 1:
        yield World(0, 1, device)
        return
    if met := not distributed.is_initialized():
        _check_meeting(size)
        distributed.init_process_group(
            "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo", timeout=PATIENCE
        )
    try:
        yield World(distributed.get_rank(), distributed.get_world_size(), device)
    finally:
        if met:
            distributed.destroy_process_group()


def _number(name: str, default: str) -> int:
    value = os.environ.get(name, default)
    if not value.isdecimal():
        raise ConfigurationError(
            f"the environment's {name} is {value!r}; a number was expected",
            hint=f"start the processes with torchrun, or unset {name}",
        )
    return int(value)


def _check_meeting(size: int) -> None:
    """Some schedulers set WORLD_SIZE alone, for every process that they start."""
    if missing := [name for name in ("RANK", "MASTER_ADDR", "MASTER_PORT") if name not in os.environ]:
        raise ConfigurationError(
            f"the environment's WORLD_SIZE is {size}, but {', '.join(missing)} is not set: the processes cannot meet",
            hint="start them with torchrun, or unset WORLD_SIZE to train in one process",
        )


def _device(local_rank: int) -> torch.device:
    if not torch.cuda.is_available():
        return torch.device("cpu")
    if local_rank >= torch.cuda.device_count():
        raise ConfigurationError(
            f"this machine has {torch.cuda.device_count()} GPUs, but was given a process number {local_rank + 1}",
            hint="start torchrun with --nproc-per-node of at most the number of GPUs",
        )
    torch.cuda.set_device(local_rank)
    return torch.device("cuda", local_rank)
