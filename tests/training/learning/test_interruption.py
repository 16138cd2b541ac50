"""A signal at any moment of a run: what was trained is saved, and the same command ends in the same weights."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from support.ranks import in_ranks
from support.tiny_student import tiny_student, toy_plan, toy_recipe, toy_samples

from seedbed.generation.sample import Sample
from seedbed_training.learning import loss as loss_module
from seedbed_training.learning import run as run_module
from seedbed_training.learning.candidates import write_candidates
from seedbed_training.learning.checkpoint import write_checkpoint
from seedbed_training.learning.position import Position
from seedbed_training.learning.progress import Silence
from seedbed_training.learning.train import train
from seedbed_training.planning.plan import TrainingPlan


class Ear(Silence):
    def __init__(self) -> None:
        self.steps: list[Any] = []
        self.said: list[str] = []

    def step(self, report: Any) -> None:
        self.steps.append(report)

    def say(self, message: str) -> None:
        self.said.append(message)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_student(tmp_path_factory.mktemp("base") / "student")


@pytest.fixture(scope="module")
def samples() -> dict[str, Sample]:
    return toy_samples(6)


@pytest.fixture(scope="module")
def plan(samples: dict[str, Sample]) -> TrainingPlan:
    """Each step is several passes of the model."""
    return toy_plan(
        (samples, samples), steps=(3, 2), recipe=toy_recipe(micro_batch_tokens=30, checkpoint_steps=2)
    )


@contextmanager
def signal_at_pass(number: int, *, rank: int = 0) -> Iterator[list[int]]:
    """SIGTERM as the `number`-th pass of this process begins; yields what passes there were."""
    passes: list[int] = []
    whole = loss_module.answer_loss

    def watched(*arguments: Any, **more: Any) -> Any:
        passes.append(len(passes) + 1)
        if len(passes) == number and int(os.environ.get("RANK", "0")) == rank:
            signal.raise_signal(signal.SIGTERM)
        return whole(*arguments, **more)

    with patch.object(loss_module, "answer_loss", watched):
        yield passes


def weights(run: Path) -> bytes:
    return (run / "model" / "model.safetensors").read_bytes()


def checkpoints(run: Path) -> list[str]:
    return sorted(path.name for path in run.glob("checkpoints/*"))


def test_in_the_midst_of_a_step_the_step_is_dropped(
    base: Path, samples: dict[str, Sample], plan: TrainingPlan, tmp_path: Path
) -> None:
    with signal_at_pass(0) as passes:
        train(plan, samples, base=base, run_directory=tmp_path / "unbroken")
    assert len(passes) >= 2 * 5
    for number in range(1, len(passes) + 1):
        run, ear = tmp_path / str(number), Ear()
        with signal_at_pass(number) as made, pytest.raises(SystemExit) as caught:
            train(plan, samples, base=base, run_directory=run, progress=ear)
        assert caught.value.code == 143
        assert len(made) == number  # not one pass more
        done = len(ear.steps)
        name = f"knowledge-{done}" if done < 3 else f"skills-{done - 3}"
        assert f"interrupted at {name}; the same command goes on from there" in ear.said
        newest = {0: None, 3: "knowledge-3"}.get(done, name)
        assert newest in (checkpoints(run) or [None])
        again = Ear()
        train(plan, samples, base=base, run_directory=run, progress=again)
        assert len(again.steps) == 5 - done
        assert weights(run) == weights(tmp_path / "unbroken")


def test_one_of_two_processes_is_asked_and_both_drop_the_step(
    base: Path, samples: dict[str, Sample], plan: TrainingPlan, tmp_path: Path
) -> None:
    plan = replace(plan, recipe=replace(plan.recipe, micro_batch_tokens=20))  # two passes a step in each

    def interrupted(run: Path) -> str:
        with signal_at_pass(4, rank=1) as passes:
            try:
                train(plan, samples, base=base, run_directory=run)
            except (SystemExit, KeyboardInterrupt):
                return f"stopped at pass {len(passes)}"
        return "trained"

    def trained(run: Path) -> str:
        return train(plan, samples, base=base, run_directory=run).digest

    assert in_ranks(2, tmp_path, interrupted, tmp_path / "run") == ["stopped at pass 4"] * 2
    assert checkpoints(tmp_path / "run") == ["knowledge-1"]
    assert in_ranks(2, tmp_path, trained, tmp_path / "run") == in_ranks(
        2, tmp_path, trained, tmp_path / "whole"
    )


def test_during_the_last_checkpoint(
    base: Path,
    samples: dict[str, Sample],
    plan: TrainingPlan,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def late(directory: Path, position: Position, *arguments: Any, **more: Any) -> None:
        if position.final and position.phase_index == 1:
            signal.raise_signal(signal.SIGTERM)
        write_checkpoint(directory, position, *arguments, **more)

    with monkeypatch.context() as patched:
        patched.setattr(run_module, "write_checkpoint", late)
        with pytest.raises(SystemExit) as caught:
            train(plan, samples, base=base, run_directory=tmp_path)
    assert caught.value.code == 143
    assert not (tmp_path / "model").exists()
    ear = Ear()
    train(plan, samples, base=base, run_directory=tmp_path, progress=ear)
    assert ear.steps == []


def test_an_interrupted_run_chooses_among_what_an_unbroken_one_has(
    base: Path, samples: dict[str, Sample], tmp_path: Path
) -> None:
    recipe = toy_recipe(phases=toy_recipe().phases[1:], checkpoint_steps=3, candidates=3)
    plan = toy_plan((samples,), steps=(9,), recipe=recipe)

    class Interrupting(Silence):
        def step(self, report: Any) -> None:
            if report.step == 8:
                signal.raise_signal(signal.SIGTERM)

    def candidates(run: Path) -> list[tuple[str, str]]:
        found = write_candidates(plan, base=base, run_directory=run, say=lambda _: None)
        return [(candidate.name, candidate.digest) for candidate in found]

    train(plan, samples, base=base, run_directory=tmp_path / "unbroken")
    with pytest.raises(SystemExit):
        train(plan, samples, base=base, run_directory=tmp_path / "broken", progress=Interrupting())
    assert "skills-8" in checkpoints(tmp_path / "broken")
    train(plan, samples, base=base, run_directory=tmp_path / "broken")
    assert candidates(tmp_path / "broken") == candidates(tmp_path / "unbroken")
    assert [name for name, _ in candidates(tmp_path / "broken")] == ["skills-3", "skills-6", "skills-9"]
