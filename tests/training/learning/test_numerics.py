"""Threads and products as a model is worth them, and the caller's settings back afterwards."""

from __future__ import annotations

import pytest
import torch

from seedbed_training.learning.numerics import (
    SMALL_MODEL,
    fitting_threads,
    keeps_accuracy,
    matmul_precision,
    repeatable,
)

CPU = torch.device("cpu")


def test_a_small_model_is_trained_in_one_thread_and_the_callers_number_comes_back() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with fitting_threads(torch.nn.Linear(4, 4)):
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 3
        with fitting_threads(torch.nn.Linear(1, SMALL_MODEL, device="meta")):
            assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_another_way_to_multiply_is_used_only_where_it_is_as_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_float32_matmul_precision()
    assert keeps_accuracy("highest")
    with matmul_precision("medium", CPU) as used:
        assert used == keeps_accuracy("medium")
        assert torch.get_float32_matmul_precision() == ("medium" if used else before)
    assert torch.get_float32_matmul_precision() == before

    def as_a_chip_with_units_for_bf16(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        if left.dtype == torch.float32:
            left, right = left.bfloat16(), right.bfloat16()
        return left.mm(right).to(right.dtype)

    monkeypatch.setattr(torch.Tensor, "__matmul__", as_a_chip_with_units_for_bf16)
    assert not keeps_accuracy("medium")
    with matmul_precision("medium", CPU) as used:
        assert not used
        assert torch.get_float32_matmul_precision() == before
    with matmul_precision("medium", torch.device("cuda")) as used:
        assert not used


def test_repeatable_leaves_no_trace() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    with repeatable():
        assert torch.are_deterministic_algorithms_enabled()
        torch.rand(7)
    assert torch.equal(torch.rand(3), expected)
    assert not torch.are_deterministic_algorithms_enabled()


def test_of_several_gpus_only_this_processs_own_is_asked(
    monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    asked: list[int] = []

    def state(device: torch.device | int) -> torch.Tensor:
        asked.append(torch.device("cuda", device).index if isinstance(device, int) else device.index)
        return torch.zeros(8, dtype=torch.uint8)

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_rng_state", state)
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda _, device: state(device))
    monkeypatch.setattr(torch.random, "_fork_rng_warned_already", False)
    with repeatable():
        pass
    assert set(asked) == {2}
    assert not recwarn.list
