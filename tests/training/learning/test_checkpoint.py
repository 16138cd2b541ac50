"""A checkpoint is whole or not used, and only by the run that made it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from support.full_disk import full_disk
from support.tiny_student import tiny_student, toy_recipe
from transformers import AutoModelForCausalLM

from seedbed.errors import StoreError, UsageError
from seedbed_training.learning.checkpoint import (
    load_checkpoint,
    newest_checkpoint,
    phase_checkpoints,
    weights_digest,
    write_checkpoint,
)
from seedbed_training.learning.loop import new_optimizer
from seedbed_training.learning.position import Position, RunIdentity

IDENTITY = RunIdentity(plan="a" * 64, recipe="b" * 64, tokenizer="c" * 40, base="d" * 40)


def position(step: int, *, phase: int = 0, steps: int = 10) -> Position:
    names = ("knowledge", "skills")
    return Position(IDENTITY, 7, phase, names[phase], step, steps, (1.5,), (), 1)


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_student(tmp_path_factory.mktemp("checkpoint") / "student")


@pytest.fixture
def model(student: Path) -> Any:
    return AutoModelForCausalLM.from_pretrained(student)


@pytest.fixture
def optimizer(model: Any) -> torch.optim.Optimizer:
    optimizer = new_optimizer(model, toy_recipe().phases[0], toy_recipe())
    take_step(model, optimizer)
    return optimizer


def take_step(model: Any, optimizer: torch.optim.Optimizer) -> None:
    optimizer.zero_grad()
    model(input_ids=torch.arange(12)[None]).logits.square().mean().backward()
    optimizer.step()


def newest(directory: Path) -> tuple[tuple[str, int] | None, list[str]]:
    said: list[str] = []
    found = newest_checkpoint(directory, IDENTITY, said.append)
    return (found[1].phase, found[1].step) if found else None, said


def test_model_and_optimiser_come_back_bit_for_bit(
    model: Any, optimizer: torch.optim.Optimizer, student: Path, tmp_path: Path
) -> None:
    write_checkpoint(tmp_path, position(1), model, optimizer)
    found = newest_checkpoint(tmp_path, IDENTITY, lambda _: None)
    assert found is not None
    assert found[1] == position(1)
    other: Any = AutoModelForCausalLM.from_pretrained(student)
    other_optimizer = new_optimizer(other, toy_recipe().phases[0], toy_recipe())
    assert weights_digest(other) != weights_digest(model)
    load_checkpoint(found[0], other, other_optimizer)
    assert weights_digest(other) == weights_digest(model)
    take_step(model, optimizer)
    take_step(other, other_optimizer)
    assert weights_digest(other) == weights_digest(model)


def test_newest_is_by_position_not_by_name_or_time(model: Any, tmp_path: Path) -> None:
    for made in (position(10), position(2, phase=1), position(9), position(4)):
        write_checkpoint(tmp_path / str(made.step), made, model, None)
    together = tmp_path / "together"
    together.mkdir()
    for number, step in enumerate((2, 10, 9, 4)):
        name = next((tmp_path / str(step)).iterdir())
        name.rename(together / f"{'zyxw'[number]}")
    os.utime(together / "y", (1, 1))
    assert newest(together) == (("skills", 2), [])


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.safetensors", "position.json"])
@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
def test_a_damaged_one_gives_way_to_the_one_before(
    name: str, damage: str, model: Any, optimizer: torch.optim.Optimizer, tmp_path: Path
) -> None:
    write_checkpoint(tmp_path, position(2), model, optimizer)
    write_checkpoint(tmp_path, position(4), model, optimizer)
    file = tmp_path / "knowledge-4" / name
    content = bytearray(file.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    elif damage == "truncate":
        file.write_bytes(content[: len(content) // 2])
    else:
        file.unlink()
    found, said = newest(tmp_path)
    assert found == ("knowledge", 2)
    assert len(said) == 1
    assert "knowledge-4 is damaged" in said[0]
    assert name in said[0]


def test_a_damaged_one_can_be_written_again(
    model: Any, optimizer: torch.optim.Optimizer, tmp_path: Path
) -> None:
    write_checkpoint(tmp_path, position(2), model, optimizer)
    (tmp_path / "knowledge-2" / "position.json").write_text("{}")
    assert newest(tmp_path)[0] is None
    write_checkpoint(tmp_path, position(2), model, optimizer)
    assert newest(tmp_path) == (("knowledge", 2), [])


def test_what_a_killed_process_left_is_removed(model: Any, tmp_path: Path) -> None:
    write_checkpoint(tmp_path, position(2), model, None)
    (tmp_path / ".knowledge-4.999").mkdir()
    (tmp_path / "knowledge-4").mkdir()
    (tmp_path / "knowledge-4" / "model.safetensors").write_bytes(b"half")
    assert newest(tmp_path) == (("knowledge", 2), [])
    assert [path.name for path in tmp_path.iterdir()] == ["knowledge-2"]


def test_a_pickle_is_never_opened(model: Any, tmp_path: Path) -> None:
    canary = tmp_path / "canary"

    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[Path]]:
            return (Path.touch, (canary,))

    write_checkpoint(tmp_path / "checkpoints", position(2), model, None)
    write_checkpoint(tmp_path / "checkpoints", position(4), model, None)
    planted = tmp_path / "checkpoints" / "knowledge-4"
    (planted / "optimizer.pt").write_bytes(pickle.dumps(Bomb()))
    found, said = newest(tmp_path / "checkpoints")
    assert found == ("knowledge", 2)
    assert "optimizer.pt should not be there" in said[0]
    assert not canary.exists()


@pytest.mark.parametrize("part", ["plan", "recipe", "tokenizer", "base"])
def test_another_runs_checkpoint_is_refused(part: str, model: Any, tmp_path: Path) -> None:
    write_checkpoint(tmp_path, position(2), model, None)
    other = dataclasses.replace(IDENTITY, **{part: "e" * 64})
    with pytest.raises(
        UsageError, match=f"something else: {part} {getattr(IDENTITY, part)[:12]} there, eeeeeeeeeeee here$"
    ):
        newest_checkpoint(tmp_path, other, lambda _: None)


def test_two_of_the_phase_and_the_last_of_each_before_it_are_kept(
    model: Any, optimizer: torch.optim.Optimizer, tmp_path: Path
) -> None:
    def names() -> list[str]:
        return sorted(path.name for path in tmp_path.iterdir())

    for step in (2, 4, 6):
        write_checkpoint(tmp_path, position(step), model, optimizer)
    assert names() == ["knowledge-4", "knowledge-6"]
    write_checkpoint(tmp_path, position(10), model, None)
    assert names() == ["knowledge-10", "knowledge-6"]
    write_checkpoint(tmp_path, position(2, phase=1), model, optimizer)
    assert names() == ["knowledge-10", "skills-2"]
    assert not (tmp_path / "knowledge-10" / "optimizer.safetensors").exists()


def test_one_that_only_an_interruption_made_goes_and_displaces_none(model: Any, tmp_path: Path) -> None:
    for step in (3, 6, 8):
        write_checkpoint(tmp_path, position(step), model, None, kept=3, every=3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["knowledge-3", "knowledge-6", "knowledge-8"]
    for step in (9, 10):
        write_checkpoint(tmp_path, position(step), model, None, kept=3, every=3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["knowledge-10", "knowledge-6", "knowledge-9"]


@pytest.mark.parametrize("damaged", ["knowledge-10", "skills-2", "skills-4"])
@pytest.mark.parametrize("name", ["model.safetensors", "position.json", "COMPLETE"])
@pytest.mark.parametrize("damage", ["flip", "empty", "remove"])
def test_no_damage_to_an_older_one_stops_the_next(
    damaged: str, name: str, damage: str, model: Any, tmp_path: Path
) -> None:
    for made in (position(10), position(2, phase=1), position(4, phase=1)):
        write_checkpoint(tmp_path, made, model, None)
    file = tmp_path / damaged / name
    content = file.read_bytes()
    if damage == "remove":
        file.unlink()
    else:
        file.write_bytes(bytes([content[0] ^ 4]) + content[1:] if damage == "flip" else b"")
    write_checkpoint(tmp_path, position(6, phase=1), model, None)
    assert newest(tmp_path)[0] == ("skills", 6)


def test_what_is_no_checkpoint_is_left_alone(model: Any, tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "checkpoints", tmp_path / "elsewhere"
    write_checkpoint(folder, position(2), model, None)
    for own in (folder / "kept by me", folder / "backup-2", elsewhere):
        own.mkdir()
        (own / "notes.txt").write_text("mine")
    (folder / "knowledge-1").symlink_to(elsewhere, target_is_directory=True)
    found, said = newest(folder)
    assert found == ("knowledge", 2)
    assert {line.rpartition(" is no checkpoint")[0] for line in said} == {
        str(folder / name) for name in ("kept by me", "backup-2", "knowledge-1")
    }
    for step in (4, 6):
        write_checkpoint(folder, position(step), model, None)
    assert sorted(path.parent.name for path in folder.glob("*/notes.txt")) == [
        "backup-2",
        "kept by me",
        "knowledge-1",
    ]


def test_a_copy_by_another_name_is_not_removed_and_chosen_from_once(model: Any, tmp_path: Path) -> None:
    write_checkpoint(tmp_path, position(1), model, None)
    shutil.copytree(tmp_path / "knowledge-1", tmp_path / "my copy")
    for step in (2, 3):
        write_checkpoint(tmp_path, position(step), model, None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["knowledge-2", "knowledge-3", "my copy"]
    found = phase_checkpoints(tmp_path, 0, lambda _: None)
    assert [path.name for _, path in found] == ["knowledge-2", "knowledge-3"]


def test_one_of_an_older_seedbed_goes_on(model: Any, tmp_path: Path) -> None:
    """Written before a position told of device and libraries."""
    write_checkpoint(tmp_path, position(2), model, None)
    path = tmp_path / "knowledge-2"
    content = json.loads((path / "position.json").read_text())
    del content["made_with"]
    (path / "position.json").write_text(json.dumps(content))
    digests = json.loads((path / "COMPLETE").read_text())
    digests["position.json"] = hashlib.sha256((path / "position.json").read_bytes()).hexdigest()
    (path / "COMPLETE").write_text(json.dumps(digests))
    assert newest(tmp_path) == (("knowledge", 2), [])


def test_a_weight_that_is_a_single_number_has_a_digest() -> None:
    class Scale(torch.nn.Module):
        def __init__(self, value: float) -> None:
            super().__init__()
            self.scale = torch.nn.Parameter(torch.tensor(value))

    assert weights_digest(Scale(1.0)) == weights_digest(Scale(1.0)) != weights_digest(Scale(2.0))


def test_a_disk_that_takes_nothing(model: Any, tmp_path: Path) -> None:
    (tmp_path / "checkpoints").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written"):
        write_checkpoint(tmp_path / "checkpoints", position(2), model, None)


def test_a_disk_that_fills_up_leaves_the_checkpoints_before(model: Any, tmp_path: Path) -> None:
    write_checkpoint(tmp_path, position(1), model, None)
    with full_disk(1000), pytest.raises(StoreError, match="cannot be written"):
        write_checkpoint(tmp_path, position(2), model, None)
    assert [path.name for path in tmp_path.iterdir()] == [next(tmp_path.glob("*-1")).name]
    assert newest(tmp_path)[1] == []
