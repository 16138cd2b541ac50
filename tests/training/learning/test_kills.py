"""A run that is killed at any moment, whatever it was writing, goes on to the very same weights.

A few kills by default; `SEEDBED_KILLS=50 pytest tests/training/learning/test_kills.py` makes fifty of each kind.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing.connection
import os
import random
import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from support.ranks import start_ranks
from support.tiny_student import tiny_student, toy_plan, toy_recipe, toy_samples

from seedbed.generation.sample import Sample, Stage
from seedbed_training.learning.train import train
from seedbed_training.planning.plan import TrainingPlan
from seedbed_training.planning.recipe import LoraRecipe

KILLS = int(os.environ.get("SEEDBED_KILLS", "2"))
STEPS = (5, 4)


@dataclass(frozen=True, slots=True)
class World:
    base: Path
    plan: TrainingPlan
    samples: dict[str, Sample]

    def train(self, run: Path) -> None:
        torch.set_num_threads(1)
        train(self.plan, self.samples, base=self.base, run_directory=run)


@pytest.fixture(scope="module", params=["all weights", "LoRA"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    recipe = {
        "all weights": toy_recipe(),
        "LoRA": toy_recipe(lora=LoraRecipe(4, 8.0, dropout=0.1)),
    }[request.param]
    phases = (toy_samples(7, stage=Stage.KNOWLEDGE_SHORT), toy_samples(9))
    base = tiny_student(tmp_path_factory.mktemp("base") / "student")
    return World(base, toy_plan(phases, steps=STEPS, recipe=recipe), phases[0] | phases[1])


def whole_run(world: World, run: Path, *, ranks: int = 1) -> float:
    """Train to the end in processes of their own; the seconds that it took."""
    began = time.monotonic()
    processes = start_ranks(ranks, run.parent, world.train, run)
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * ranks
    return time.monotonic() - began


def killed_run(world: World, run: Path, *, ranks: int, after: float) -> None:
    processes = start_ranks(ranks, run.parent, world.train, run)
    multiprocessing.connection.wait([process.sentinel for process in processes], timeout=after)
    for process in processes:
        process.kill()
        process.join()


def weights(run: Path) -> bytes:
    return (run / "model" / "model.safetensors").read_bytes()


def log(run: Path) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


def step_to_samples(run: Path) -> list[tuple[object, ...]]:
    keys = ("phase", "step", "samples", "tokens", "loss_tokens", "replay_tokens", "learning_rate")
    return [tuple(line[key] for key in keys) for line in log(run)]


def test_killed_at_random(world: World, tmp_path: Path) -> None:
    took = whole_run(world, tmp_path / "unbroken")
    draw = random.Random(str(world.plan.recipe.lora))
    cut_short = 0
    for number in range(KILLS):
        run = tmp_path / f"run-{number}"
        killed_run(world, run, ranks=1, after=draw.uniform(0.0, took))
        cut_short += not (run / "training.json").exists()
        whole_run(world, run)
        assert weights(run) == weights(tmp_path / "unbroken"), number
        assert log(run) == log(tmp_path / "unbroken"), number
        print(f"kill {number + 1}: same weights, same log", flush=True)
        shutil.rmtree(run)
    assert cut_short > 0.5 * KILLS or KILLS < 10  # a few may all come too late on a busy machine
    print(f"{cut_short} of {KILLS} runs were killed before their end; each ended in the same weights and log")


@pytest.mark.parametrize("ranks", [(1, 2), (2, 1)], ids=["1 to 2", "2 to 1"])
def test_killed_and_gone_on_with_in_another_number_of_processes(
    world: World, ranks: tuple[int, int], tmp_path: Path
) -> None:
    if (lora := world.plan.recipe.lora) is not None:  # what dropout leaves out goes by each process's rows
        recipe = replace(world.plan.recipe, lora=replace(lora, dropout=0.0))
        world = replace(world, plan=replace(world.plan, recipe=recipe))
    whole_run(world, tmp_path / "unbroken")
    took = whole_run(world, tmp_path / "first", ranks=ranks[0])
    draw = random.Random(ranks[0])
    for number in range(max(1, KILLS // 3)):
        run = tmp_path / f"run-{number}"
        killed_run(world, run, ranks=ranks[0], after=draw.uniform(0.3 * took, 0.9 * took))
        whole_run(world, run, ranks=ranks[1])
        assert step_to_samples(run) == step_to_samples(tmp_path / "unbroken")
        for one, other in itertools.zip_longest(log(run), log(tmp_path / "unbroken")):
            assert one["loss"] == pytest.approx(other["loss"], abs=2e-5)
        shutil.rmtree(run)
