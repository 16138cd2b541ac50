"""Processes that train together train the same, and an environment that tells half of them is named."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest
from support.ranks import in_ranks
from support.tiny_student import tiny_student, toy_plan, toy_samples

from seedbed.errors import ConfigurationError, UsageError
from seedbed_training.learning.train import train
from seedbed_training.learning.world import is_first, joined_world

MEETING = ("RANK", "MASTER_ADDR", "MASTER_PORT", "LOCAL_RANK")


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WORLD_SIZE", *MEETING):
        monkeypatch.delenv(name, raising=False)


def test_a_scheduler_that_sets_world_size_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with (
        pytest.raises(ConfigurationError, match="RANK, MASTER_ADDR, MASTER_PORT") as caught,
        joined_world(),
    ):
        pass
    assert "torchrun" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["WORLD_SIZE", "RANK", "LOCAL_RANK"])
def test_what_is_no_number(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "two")
    with pytest.raises(ConfigurationError, match=f"{name} is 'two'"):
        is_first() if name == "RANK" else joined_world().__enter__()


@pytest.mark.parametrize("what", ["seed", "samples", "base"])
def test_processes_that_were_given_different_runs_are_all_refused(what: str, tmp_path: Path) -> None:
    """As where a second machine has another checkout, another store, or another copy of the base."""
    bases = [tiny_student(tmp_path / name, seed=seed) for name, seed in (("base", 0), ("other", 1))]
    samples = toy_samples(9)
    fewer = dict(list(samples.items())[:8])

    def refused() -> str:
        other = os.environ["RANK"] == "1"
        given = fewer if other and what == "samples" else samples
        plan = toy_plan((given, given), steps=(1, 1))
        if other and what == "seed":
            plan = dataclasses.replace(plan, seed=99)
        base = bases[other and what == "base"]
        try:
            train(plan, given, base=base, run_directory=tmp_path / "run")
        except UsageError as error:
            return error.message
        return "trained"

    part = "base" if what == "base" else "plan"
    message = f"the processes were not given the same to train: process 1 has another {part} than process 0"
    assert in_ranks(2, tmp_path, refused) == [message] * 2
    assert not (tmp_path / "run" / "metrics.jsonl").exists()
