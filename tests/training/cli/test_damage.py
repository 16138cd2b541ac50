"""Damage of every kind as a person meets it who types the commands: refused by name, and nothing is lost."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from safetensors.torch import load_file, save_file
from support.full_at_write import full_at_write
from support.garden import Garden

from seedbed.errors import SeedbedError, StoreError, TrainingError, UsageError
from seedbed_training.cli.eval import evaluate
from seedbed_training.cli.plan import plan
from seedbed_training.cli.release import release
from seedbed_training.cli.train import train
from seedbed_training.learning.progress import ConsoleProgress

EVERY = int(os.environ.get("SEEDBED_EVERY_WRITE", "23"))
"""Of the writes of a run, each how-manieth is made to fail; 1 for all of them."""


@dataclass(frozen=True)
class Desk:
    """A person in a folder with a taxonomy, its samples, a recipe and a base model that may come to harm."""

    garden: Garden
    recipe: str
    base: Path

    def type(self, command: Any, *arguments: str) -> Result:
        given = ["--recipe", self.recipe, *arguments] if command in (plan, train) else [*arguments]
        return CliRunner().invoke(command, given)

    def done(self, command: Any, *arguments: str) -> Result:
        result = self.type(command, *arguments)
        assert result.exit_code == 0, result.output
        return result

    def refusal(self, kind: type[SeedbedError], command: Any, *arguments: str) -> SeedbedError:
        result = self.type(command, *arguments)
        assert isinstance(result.exception, kind), result.output
        return result.exception

    @property
    def run(self) -> Path:
        return self.garden.workspace.run_directory("release-1")

    def weights(self) -> bytes:
        return (self.run / "model" / "model.safetensors").read_bytes()


@pytest.fixture
def desk(garden: Garden, base_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    base = Path(shutil.copytree(base_model, tmp_path / "base"))
    phases = tuple(replace(phase, epochs=2.0) for phase in garden.recipe.phases)
    recipe = replace(garden.recipe, base_model=str(base), phases=phases, checkpoint_steps=1)
    path = tmp_path / "recipe.yaml"
    path.write_text(json.dumps(asdict(recipe)), encoding="utf-8")
    monkeypatch.chdir(garden.builder.path)
    return Desk(garden, str(path), base)


@pytest.fixture
def interrupt(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Result]:
    """Types `seedbed train`, and Ctrl-C while its step of this number is told."""

    def run(at: int) -> Result:
        told = itertools.count(1)
        step = ConsoleProgress.step

        def pressed(self: ConsoleProgress, report: Any) -> None:
            step(self, report)
            if next(told) == at:
                os.kill(os.getpid(), signal.SIGINT)

        with monkeypatch.context() as patch:
            patch.setattr(ConsoleProgress, "step", pressed)
            result = desk.type(train)
        assert result.exit_code != 0
        assert "the same command goes on from there" in result.stderr
        return result

    return run


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 4
    path.write_bytes(content)


def plant_nan(path: Path) -> None:
    tensors = load_file(path)
    next(iter(tensors.values())).view(-1)[0] = float("nan")
    save_file(tensors, path, metadata={"format": "pt"})


def test_a_flipped_byte_in_a_table_of_samples(desk: Desk) -> None:
    store = desk.garden.workspace.open_store().local
    assert store is not None
    table = min((store / "samples").glob("*.parquet"))
    whole = table.read_bytes()
    for command, before in ((plan, ()), (train, ()), (evaluate, (train,)), (release, (evaluate,))):
        for each in before:
            desk.done(each)
        flip(table)
        refused = desk.refusal(StoreError, command)
        assert table.stem[:12] in refused.message
        assert refused.hint
        table.write_bytes(whole)
    desk.done(release, "--minimum-score", "0")
    desk.done(release, "verify")


def test_a_corrupted_checkpoint(desk: Desk, interrupt: Callable[[int], Result]) -> None:
    desk.done(train)
    unbroken = desk.weights()
    shutil.rmtree(desk.run)
    interrupt(3)
    newest = max(desk.run.glob("checkpoints/*/COMPLETE"), key=lambda path: path.stat().st_mtime_ns).parent
    flip(newest / "model.safetensors")
    told = desk.done(train).stderr
    assert f"checkpoint {newest.name} is damaged (model.safetensors changed after it was written)" in told
    assert "going on from checkpoint " in told
    assert desk.weights() == unbroken


def test_a_swapped_tokenizer(desk: Desk, interrupt: Callable[[int], Result]) -> None:
    interrupt(2)
    tokenizer = desk.base / "tokenizer.json"
    kept = tokenizer.read_text(encoding="utf-8")
    tokenizer.write_text(kept.replace('"one"', "#").replace('"two"', '"one"').replace("#", '"two"'))
    refused = desk.refusal(UsageError, train)
    assert "holds a run of something else: tokenizer " in refused.message
    tokenizer.write_text(kept, encoding="utf-8")
    assert "going on from checkpoint " in desk.done(train).stderr


def test_a_nan_planted_in_the_weights(desk: Desk) -> None:
    kept = (desk.base / "model.safetensors").read_bytes()
    plant_nan(desk.base / "model.safetensors")
    refused = desk.refusal(TrainingError, train)
    assert "is not a finite number in phase" in refused.message
    assert not (desk.run / "model").exists()
    (desk.base / "model.safetensors").write_bytes(kept)
    desk.done(train)
    plant_nan(desk.run / "model" / "model.safetensors")
    for command in (evaluate, release):
        assert "was changed after training: it has digest" in desk.refusal(StoreError, command).message
    assert "going on from checkpoint " in desk.done(train).stderr
    desk.done(evaluate)


def test_a_disk_that_is_full_at_any_write(desk: Desk) -> None:
    desk.done(train)
    unbroken = desk.weights()
    for number in itertools.count(1, EVERY):
        shutil.rmtree(desk.run)
        with full_at_write(number) as failed:
            result = desk.type(train)
        if failed():
            assert isinstance(result.exception, StoreError), result.output
            assert "No space left on device" in result.exception.message
        desk.done(train)
        assert desk.weights() == unbroken
        if not failed():
            break
    assert number > 20
