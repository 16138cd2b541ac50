"""What a run leaves beside its checkpoints: held by one, whole, and on the disk before what relies on it."""

from __future__ import annotations

import errno
import fcntl
import json
import os
from pathlib import Path
from typing import Any

import pytest
from support.full_disk import full_disk
from support.tiny_student import tiny_student, toy_plan, toy_samples

from seedbed.errors import StoreError, UsageError
from seedbed_training.learning import run as run_module
from seedbed_training.learning.checkpoint import write_checkpoint
from seedbed_training.learning.loop import StepResult
from seedbed_training.learning.position import Position
from seedbed_training.learning.progress import Silence
from seedbed_training.learning.run_files import Metrics, sole_user
from seedbed_training.learning.train import train

RESULT = StepResult(1, 1.0, 1e-3, 1.0, 10, 5, 0, "0" * 16, 0.1)


def test_a_disk_without_locks_is_not_taken_for_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def without(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", without)
    with pytest.raises(StoreError, match=r"cannot be locked: .*No locks available"), sole_user(tmp_path):
        pass


def test_a_directory_in_use(tmp_path: Path) -> None:
    with (
        sole_user(tmp_path),
        pytest.raises(UsageError, match="another process is training"),
        sole_user(tmp_path),
    ):
        pass


def test_a_disk_that_stays_full_is_told_once(tmp_path: Path) -> None:
    metrics = Metrics(tmp_path, phases=["skills"], done=(0, 0))
    with full_disk(100):
        with pytest.raises(StoreError, match=r"metrics.jsonl cannot be written: .*File too large"):
            metrics.add("skills", RESULT)
        metrics.close()


def test_a_disk_that_fills_up_as_the_file_is_closed(tmp_path: Path) -> None:
    metrics = Metrics(tmp_path, phases=["skills"], done=(0, 0))
    metrics._file.reconfigure(line_buffering=False)  # type: ignore[attr-defined]  # so that something is left to write
    metrics.add("skills", RESULT)
    with full_disk(100), pytest.raises(StoreError, match="cannot be written"):
        metrics.close()


class Stopping(Silence):
    def __init__(self, at: int = 0) -> None:
        self._left = at
        self.said: list[str] = []

    def step(self, report: object) -> None:
        self._left -= 1
        if self._left == 0:
            raise RuntimeError("killed")

    def say(self, message: str) -> None:
        self.said.append(message)


def test_lines_that_were_lost_are_told(tmp_path: Path) -> None:
    """As a power cut loses what was never brought to the disk."""
    base, samples = tiny_student(tmp_path / "base"), toy_samples(6)
    plan, run = toy_plan((samples, samples), steps=(4, 4)), tmp_path / "run"
    with pytest.raises(RuntimeError, match="killed"):
        train(plan, samples, base=base, run_directory=run, progress=Stopping(at=7))
    lines = (run / "metrics.jsonl").read_text().splitlines(keepends=True)
    (run / "metrics.jsonl").write_text("".join(lines[:3]))
    ear = Stopping()
    train(plan, samples, base=base, run_directory=run, progress=ear)
    assert any("metrics.jsonl lacks 3 of the 6 steps" in line for line in ear.said)
    assert len((run / "metrics.jsonl").read_text().splitlines()) == 5


def test_metrics_are_on_the_disk_before_the_checkpoint_after_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, samples = tiny_student(tmp_path / "base"), toy_samples(6)
    run = tmp_path / "run"
    synced = [0]
    sync = os.fsync

    def watched(handle: int) -> None:
        if Path(f"/proc/self/fd/{handle}").readlink() == run / "metrics.jsonl":
            synced.append(len((run / "metrics.jsonl").read_text().splitlines()))
        sync(handle)

    def checked(directory: Path, position: Position, *arguments: Any, **more: Any) -> None:
        lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        assert (lines[-1]["phase"], lines[-1]["step"]) == (position.phase, position.step)
        assert synced[-1] == len(lines)
        write_checkpoint(directory, position, *arguments, **more)

    monkeypatch.setattr(os, "fsync", watched)
    monkeypatch.setattr(run_module, "write_checkpoint", checked)
    train(toy_plan((samples, samples), steps=(3, 2)), samples, base=base, run_directory=run)
    assert synced == [0, 2, 3, 5]
