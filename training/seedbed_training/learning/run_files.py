"""What a run leaves beside its checkpoints: the metrics of each step, and `training.json`, the record of the whole."""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from seedbed.errors import StoreError, UsageError
from seedbed_training.planning.whole_file import make_folder, write_whole

if TYPE_CHECKING:
    from seedbed_training.learning.loop import StepResult  # brings torch

METRICS = "metrics.jsonl"
RECORD = "training.json"


@contextmanager
def sole_user(run_directory: Path) -> Iterator[None]:
    """Hold the run directory; a lock of the kernel's, which a killed process gives back.

    Raises UsageError when another process trains there, StoreError when it can be neither written to nor locked.
    """
    try:
        make_folder(run_directory)
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
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise StoreError(
                    f"the run directory {run_directory} cannot be locked: {error}",
                    hint="keep .seedbed/ on a disk whose file system has locks (flock); a network disk may need them "
                    "switched on where it is mounted",
                ) from error
            raise UsageError(
                f"another process is training in {run_directory}",
                hint="wait for it, or give this run another directory",
            ) from error
        yield


class Metrics:
    """`metrics.jsonl`: one line for each optimiser step of the run, in order, none of them twice."""

    def __init__(
        self,
        run_directory: Path,
        *,
        phases: Sequence[str],
        done: tuple[int, int],
        steps: int = 0,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Drops what an earlier process wrote beyond `done` (phase index, steps of it): it is computed again.

        `steps` are those of the whole run up to there; `say` is told where the file lacks some of them.
        """
        self._path = path = run_directory / METRICS
        kept = [line for line in _lines(path) if _order(line, phases) <= done]
        if (lost := steps - len({_order(line, phases) for line in kept})) > 0:
            say(
                f"{path.name} lacks {lost} of the {steps} steps that were done: it lost lines after they were written; the "
                "weights are not touched by it"
            )
        write_whole(path, "".join(f"{line}\n" for line in kept))
        self._failed = False
        try:
            self._file: TextIO = path.open("a", encoding="utf-8", buffering=1)
        except OSError as error:
            raise self._unwritable(error) from error

    def add(self, phase: str, result: StepResult) -> None:
        """Write down a step. Raises StoreError."""
        try:
            self._file.write(json.dumps({"phase": phase, **asdict(result)}) + "\n")
        except OSError as error:
            raise self._unwritable(error) from error

    def sync(self) -> None:
        """Bring the steps so far to the disk, before a checkpoint that follows them. Raises StoreError."""
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._unwritable(error) from error

    def losses(self, phase: str) -> list[float]:
        """Of the phase's steps so far, in order, without those that had nothing to train on."""
        entries = [json.loads(line) for line in _lines(self._path) if line]
        return [entry["loss"] for entry in entries if entry["phase"] == phase and entry["loss_tokens"]]

    def close(self) -> None:
        """Close the file. Raises StoreError, but not once more for what `add` or `sync` raised already."""
        try:
            self._file.close()  # which writes again what could not be written
        except OSError as error:
            if not self._failed:
                raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> StoreError:
        self._failed = True
        return StoreError(
            f"{self._path} cannot be written: {error}",
            hint="make room, then run the same command again: it goes on from its last checkpoint",
        )


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
