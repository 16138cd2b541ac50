"""How numbers are computed while a run lasts: repeatable, in as many threads and in such a way as the model is worth."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

SMALL_MODEL = 20_000_000
"""Parameters below which one thread computes on the CPU. The products of such a model take microseconds: handing them
out to several threads gains little on idle cores and loses most of the speed on shared ones."""


@contextmanager
def repeatable() -> Iterator[None]:
    """Deterministic algorithms alone, and the random state of the caller untouched; as it was before, afterwards."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # CUDA's matrix products ask for it
    before = torch.are_deterministic_algorithms_enabled()
    memory: Any = torch.utils.deterministic
    filled = memory.fill_uninitialized_memory
    torch.use_deterministic_algorithms(True)
    memory.fill_uninitialized_memory = False  # nothing reads it; filling it costs time
    gpus = [torch.cuda.current_device()] if torch.cuda.is_available() else []  # this process's own
    try:
        with torch.random.fork_rng(devices=gpus):
            yield
    finally:
        torch.use_deterministic_algorithms(before)
        memory.fill_uninitialized_memory = filled


@contextmanager
def fitting_threads(model: Any) -> Iterator[None]:
    """As many threads as the model is worth; the caller's own number afterwards."""
    before = torch.get_num_threads()
    if sum(weight.numel() for weight in model.parameters()) < SMALL_MODEL:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def matmul_precision(precision: str, device: torch.device) -> Iterator[bool]:
    """Use `precision` for products in fp32, where that keeps their accuracy; yields whether it is used.

    "medium" lets torch hand products on a CPU to oneDNN. On most chips it computes them in fp32 as before, on some
    three times as fast. On those with matrix units for bf16 it would round to them: there, and on GPUs, it is not used.
    """
    before = torch.get_float32_matmul_precision()
    usable = precision == before or (device.type == "cpu" and keeps_accuracy(precision))
    if usable:
        torch.set_float32_matmul_precision(precision)
    try:
        yield usable
    finally:
        torch.set_float32_matmul_precision(before)


def keeps_accuracy(precision: str) -> bool:
    """Whether products on this CPU are as exact with `precision` as fp32 has to be.

    Against float64: fp32 errs by about 1e-6 of the largest value at this size, bf16 by about 1e-3.
    """
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.randn(256, 256, generator=generator) for _ in range(2))
    exact = left.double() @ right.double()
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(precision)
    try:
        error = (left @ right - exact).abs().max() / exact.abs().max()
    finally:
        torch.set_float32_matmul_precision(before)
    return bool(error < 1e-5)
