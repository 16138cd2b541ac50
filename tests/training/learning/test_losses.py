"""What `surprise` orders by: the definition of each answer's loss, shared by processes, on a GPU where there is one."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from support.ranks import in_ranks
from support.tiny_student import tiny_student, toy_samples
from torch import distributed
from transformers import AutoModelForCausalLM, AutoTokenizer

from seedbed.errors import ConfigurationError
from seedbed_training.learning import losses
from seedbed_training.learning.encode import load_encoder
from seedbed_training.learning.losses import answer_losses
from seedbed_training.learning.world import World, joined_world


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_student(tmp_path_factory.mktemp("losses") / "student", hidden=32)


def test_each_is_the_mean_over_the_answers_tokens(student: Path) -> None:
    samples = toy_samples(12)
    told: list[tuple[int, int]] = []
    found = answer_losses(
        student, samples, batch_tokens=40, progress=lambda done, total: told.append((done, total))
    )
    assert found.keys() == samples.keys()
    assert told[-1] == (12, 12)
    assert len(told) > 1
    model: Any = AutoModelForCausalLM.from_pretrained(student).eval()
    encoder = load_encoder(student)
    for identity, sample in samples.items():
        row = encoder.encode(sample)
        ids_T = torch.tensor(row.input_ids)
        with torch.no_grad():
            logits_TV = model(input_ids=ids_T[None], use_cache=False).logits[0]
        expected = torch.nn.functional.cross_entropy(
            logits_TV[row.loss_from - 1 : -1], ids_T[row.loss_from :]
        )
        assert found[identity] == pytest.approx(expected.item(), abs=1e-5)


def passes_and_losses(student: Path, count: int) -> tuple[int, dict[str, float]]:
    """How many passes this process made, and what it was given."""
    passes = 0

    def counted(*_: object) -> None:
        nonlocal passes
        passes += 1

    handle = torch.nn.modules.module.register_module_forward_pre_hook(
        lambda module, _: counted() if isinstance(module, torch.nn.Embedding) else None
    )
    try:
        found = answer_losses(student, toy_samples(count), batch_tokens=40)
    finally:
        handle.remove()
    return passes, found


def test_processes_share_the_work_and_get_the_same_to_the_last_bit(student: Path, tmp_path: Path) -> None:
    alone, expected = passes_and_losses(student, 12)
    parts = in_ranks(3, tmp_path, passes_and_losses, student, 12)
    assert [found for _, found in parts] == [expected] * 3
    assert sum(passes for passes, _ in parts) == alone
    assert max(passes for passes, _ in parts) < alone


def meets(student: Path, port: int) -> None:
    """In a process that nothing but its environment tells of the others, as torchrun starts it."""
    distributed.destroy_process_group()
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    found = answer_losses(student, toy_samples(6), batch_tokens=40)
    met = distributed.group.WORLD
    assert met is not None
    with joined_world() as world:
        assert distributed.group.WORLD is met
        assert world.from_first(found) == found


def test_processes_that_are_to_train_afterwards_meet_once(student: Path, tmp_path: Path) -> None:
    """torchrun keeps what was written at a meeting: now and then a second one finds the first one's addresses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    in_ranks(2, tmp_path, meets, student, port)


@pytest.mark.parametrize(("free", "moved"), [(10**9, True), (10**4, False)])
def test_on_a_gpu_where_it_has_room(free: int, moved: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    moves: list[torch.device] = []
    weight = torch.nn.Embedding(30, 8).weight
    model: Any = SimpleNamespace(
        parameters=lambda: iter([weight]),
        to=moves.append,
        get_input_embeddings=lambda: SimpleNamespace(weight=weight),
    )
    gpu = torch.device("cuda", 1)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free, 10**9))
    losses._move(model, gpu, 100)
    assert moves == ([gpu] if moved else [])
    losses._move(model, torch.device("cpu"), 100)
    assert moves == ([gpu] if moved else [])


def test_it_is_computed_where_the_world_says(student: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that torch has everywhere stands for the GPU; no value can be read from it."""
    from contextlib import nullcontext

    monkeypatch.setattr(losses, "joined_world", lambda: nullcontext(World(0, 1, torch.device("meta"))))
    monkeypatch.setattr(losses, "_move", lambda model, device, tokens: model.to(device))
    with pytest.raises((NotImplementedError, RuntimeError), match=r"meta"):
        answer_losses(student, toy_samples(3))


def test_a_token_without_an_embedding_is_named(tmp_path: Path) -> None:
    base = tiny_student(tmp_path / "base")
    tokenizer: Any = AutoTokenizer.from_pretrained(base)
    rows = len(tokenizer)
    tokenizer.add_tokens(["wholly-new"])
    tokenizer.chat_template = "wholly-new" + tokenizer.chat_template
    tokenizer.save_pretrained(base)
    with pytest.raises(ConfigurationError, match=f"has token {rows} .* embeddings for {rows} tokens"):
        answer_losses(base, toy_samples(3))
