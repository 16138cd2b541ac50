"""What a run leaves beside its checkpoints: the metrics of each step, and `training.json`, the record of the whole."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from seedbed.errors import StoreError, UsageError
from seedbed_training.planning.whole_file import write_whole

if TYPE_CHECKING:
    from seedbed_training.learning.loop import StepResult  # brings torch

METRICS = "metrics.jsonl"
RECORD = "training.json"


@contextmanager
def sole_user(run_directory: Path) -> Iterator[None]:
    """Hold the run directory; a lock of the kernel's, which a killed process gives back.

    Raises UsageError when another process trains there, StoreError when nothing can be written there.
    """
    try:
        run_directory.mkdir(parents=True, exist_ok=True)
        file = (run_directory / ".lock").open("a")
    except OSError as error:
        raise StoreError(
            f"the run directory {run_directory} cannot be used: {error}",
            hint="choose one that can be written to",
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError(
                f"another process is training in {run_directory}",
                hint="wait for it, or give this run another directory",
            ) from error
        yield


class Metrics:
    """`metrics.jsonl`: one line for each optimiser step of the run, in order, none of them twice."""

    def __init__(self, run_directory: Path, *, phases: Sequence[str], done: tuple[int, int]) -> None:
        """Drops what an earlier process wrote beyond `done` (phase index, steps of it): it is computed again."""
        self._path = path = run_directory / METRICS
        kept = [line for line in _lines(path) if _order(line, phases) <= done]
        write_whole(path, "".join(f"{line}\n" for line in kept))
        self._file: TextIO = path.open("a", encoding="utf-8", buffering=1)

    def add(self, phase: str, result: StepResult) -> None:
        """Write down a step. Raises StoreError."""
        try:
            self._file.write(json.dumps({"phase": phase, **asdict(result)}) + "\n")
        except OSError as error:
            raise StoreError(
                f"{self._file.name} cannot be written: {error}",
                hint="make room, then run the same command again: it goes on from its last checkpoint",
            ) from error

    def losses(self, phase: str) -> list[float]:
        """Of the phase's steps so far, in order, without those that had nothing to train on."""
        entries = [json.loads(line) for line in _lines(self._path) if line]
        return [entry["loss"] for entry in entries if entry["phase"] == phase and entry["loss_tokens"]]

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def write_record(run_directory: Path, record: Mapping[str, Any]) -> None:
    """Write `training.json`; it stands for a run that ended well."""
    write_whole(run_directory / RECORD, json.dumps(record, indent=2, sort_keys=True) + "\n")


def read_record(run_directory: Path) -> dict[str, Any] | None:
    """The record of a run that ended well; None if there is none that can be read."""
    try:
        record = json.loads((run_directory / RECORD).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").split("\n") if path.exists() else []


def _order(line: str, phases: Sequence[str]) -> tuple[float, float]:
    """Where a line stands in the run; beyond everything if a killed process wrote only a part of it."""
    try:
        entry = json.loads(line)
        return (phases.index(entry["phase"]), entry["step"])
    except (ValueError, KeyError, TypeError):
        return (float("inf"), 0)
