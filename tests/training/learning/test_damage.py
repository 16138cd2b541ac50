"""Damage of every kind, in the midst of a run: refused or passed over by name, and nothing that was done is lost."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file
from support.full_at_write import full_at_write
from support.tiny_student import tiny_student, toy_plan, toy_recipe, toy_samples

from seedbed.errors import StoreError, TrainingError, UsageError
from seedbed.generation.sample import Sample
from seedbed_training.learning.progress import StepReport
from seedbed_training.learning.train import train
from seedbed_training.planning.plan import TrainingPlan

EVERY = int(os.environ.get("SEEDBED_EVERY_WRITE", "9"))
"""Of the writes of a run, each how-manieth is made to fail; 1 for all of them."""


@dataclass
class Ear:
    stop_at: int | None = None
    steps: list[StepReport] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def step(self, report: StepReport) -> None:
        self.steps.append(report)
        if len(self.steps) == self.stop_at:
            raise RuntimeError("killed")

    def say(self, message: str) -> None:
        self.said.append(message)


@dataclass(frozen=True)
class Fixture:
    base: Path
    plan: TrainingPlan
    samples: dict[str, Sample]

    def run(self, directory: Path, ear: Ear | None = None, *, base: Path | None = None) -> None:
        train(self.plan, self.samples, base=base or self.base, run_directory=directory, progress=ear)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Fixture:
    samples = toy_samples(6)
    plan = toy_plan((samples, samples), steps=(4, 2), recipe=toy_recipe(checkpoint_steps=1))
    return Fixture(tiny_student(tmp_path_factory.mktemp("damage") / "student"), plan, samples)


@pytest.fixture(scope="module")
def unbroken(world: Fixture, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    run = tmp_path_factory.mktemp("unbroken")
    world.run(run)
    return weights(run)


def weights(run: Path) -> bytes:
    return (run / "model" / "model.safetensors").read_bytes()


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-len(content) // 3] ^= 4
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.safetensors", "position.json", "COMPLETE"])
def test_a_corrupted_checkpoint(name: str, world: Fixture, unbroken: bytes, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="killed"):
        world.run(tmp_path, Ear(stop_at=4))
    flip(tmp_path / "checkpoints" / "knowledge-3" / name)
    ear = Ear()
    world.run(tmp_path, ear)
    assert any(line.startswith("checkpoint knowledge-3 is damaged (") for line in ear.said)
    assert "going on from checkpoint knowledge-2" in ear.said
    assert len(ear.steps) == 4  # nothing but the third step was lost with it
    assert weights(tmp_path) == unbroken


def test_a_tokenizer_swapped(world: Fixture, unbroken: bytes, tmp_path: Path) -> None:
    base = Path(shutil.copytree(world.base, tmp_path / "base"))
    with pytest.raises(RuntimeError, match="killed"):
        world.run(tmp_path / "run", Ear(stop_at=3), base=base)
    tokenizer = base / "tokenizer.json"
    kept = tokenizer.read_text(encoding="utf-8")
    one, other = '"w1"', '"w2"'
    tokenizer.write_text(kept.replace(one, "#").replace(other, one).replace("#", other), encoding="utf-8")
    with pytest.raises(UsageError, match=r"something else: tokenizer \w+ there, \w+ here") as caught:
        world.run(tmp_path / "run", base=base)
    assert caught.value.hint
    tokenizer.write_text(kept, encoding="utf-8")
    world.run(tmp_path / "run", base=base)
    assert weights(tmp_path / "run") == unbroken


def test_a_nan_planted_in_the_weights(world: Fixture, unbroken: bytes, tmp_path: Path) -> None:
    """In the base it is named at the first step; in a checkpoint the digest shows it."""
    poisoned = Path(shutil.copytree(world.base, tmp_path / "poisoned"))
    plant_nan(poisoned / "model.safetensors")
    with pytest.raises(
        TrainingError, match=r"loss \(nan\) is not a finite number in phase knowledge, step 1, samples \w+"
    ):
        world.run(tmp_path / "first", base=poisoned)
    assert not (tmp_path / "first" / "model").exists()
    with pytest.raises(RuntimeError, match="killed"):
        world.run(tmp_path / "second", Ear(stop_at=3))
    plant_nan(tmp_path / "second" / "checkpoints" / "knowledge-2" / "model.safetensors")
    ear = Ear()
    world.run(tmp_path / "second", ear)
    assert any("knowledge-2 is damaged (model.safetensors changed" in line for line in ear.said)
    assert weights(tmp_path / "second") == unbroken


def plant_nan(path: Path) -> None:
    tensors = load_file(path)
    tensors["model.layers.1.mlp.down_proj.weight"][0, 0] = float("nan")
    save_file(tensors, path, metadata={"format": "pt"})


def test_a_weight_that_becomes_nan_in_the_midst(
    world: Fixture, unbroken: bytes, tmp_path: Path, monkeypatch: Any
) -> None:
    """As a faulty memory would: the step is named, its checkpoint is not written, the run goes on from the one before."""
    from seedbed_training.learning import run

    whole = run.train_phase

    def faulty(student: Any, *arguments: Any, **more: Any) -> Iterator[Any]:
        for result in whole(student, *arguments, **more):
            yield result
            if result.step == 2:
                next(student.parameters()).data[0, 0] = float("nan")

    with monkeypatch.context() as patch:
        patch.setattr(run, "train_phase", faulty)
        with pytest.raises(TrainingError, match="phase knowledge, step 3"):
            world.run(tmp_path)
    world.run(tmp_path)
    assert weights(tmp_path) == unbroken


def test_a_disk_that_is_full_at_any_write(world: Fixture, unbroken: bytes, tmp_path: Path) -> None:
    for number in itertools.count(1, EVERY):
        run = tmp_path / str(number)
        with full_at_write(number) as failed:
            try:
                world.run(run)
            except StoreError as error:
                assert "No space left on device" in error.message
                assert error.hint
            if not failed():
                break
        done = sorted(path.name for path in run.glob("checkpoints/[!.]*/COMPLETE"))
        ear = Ear()
        world.run(run, ear)
        assert weights(run) == unbroken
        assert not done or any(line.startswith(("going on from", f"{run} is trained")) for line in ear.said)
        assert not list(run.rglob(".*.tmp")) and not list(run.glob("checkpoints/.*"))
        shutil.rmtree(run)
    assert number > 20
