"""Every error that a user can cause, and the exit code that each one means.

SeedbedError
├── UsageError (also ValueError)             2   a flag, path, revision or file that cannot be used
│   ├── ConfigurationError                   2   seedbed.toml, a recipe or the environment is wrong
│   ├── RepositoryError                      2   no git repository, no such revision, no base
│   └── MissingExtraError (also ImportError) 2   an optional dependency is not installed
├── NothingToDoError                         3   nothing to do, and `--fail-on-empty` was given
├── StoreError (also OSError)                2   the sample store or the journal cannot be read or written
├── ForgeError                               2   the forge does not answer, refuses, or answers nonsense
├── TeacherError                             2   the teacher cannot be used at all (one bad answer is not an error)
└── TrainingError                            1   training diverged, or a gate failed

A message says what was found, what was expected and what to do next. Whatever is not in this tree is a defect of
Seedbed's own (exit code 4, with a report to paste).
"""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path


class ExitCode(IntEnum):
    """What a `seedbed` process returns; decided here and nowhere else."""

    FINE = 0
    FINDINGS = 1
    USAGE = 2
    NOTHING_TO_DO = 3
    INTERNAL = 4
    INTERRUPTED = 130  # by Ctrl-C
    TERMINATED = 143  # by SIGTERM; the same clean end, and schedulers know this code for it


class SeedbedError(Exception):
    """The root of the tree; `hint` is the next thing to type or change."""

    exit_code = ExitCode.USAGE

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(SeedbedError, ValueError):
    """A flag, path, revision or file that cannot be used as it was given."""


class ConfigurationError(UsageError):
    """`seedbed.toml`, a recipe or the environment holds something that cannot be used."""


class RepositoryError(UsageError):
    """There is no git repository here, no such revision, or no base to compare with."""


def install_command(extra: str) -> str:
    """The line that brings an extra: of the checkout that runs, where there is one, else of the package index."""
    checkout = Path(__file__).resolve().parents[2]
    source = checkout if (checkout / "pyproject.toml").is_file() else "seedbed"
    return f"pip install '{source}[{extra}]'"


class MissingExtraError(UsageError, ImportError):
    """An optional dependency is not installed; the hint is the `pip install` line that brings it, and `otherwise`."""

    def __init__(self, feature: str, extra: str, missing: str, *, otherwise: str = "") -> None:
        super().__init__(
            f"{feature} needs {missing}, which is not installed",
            hint="; ".join(filter(None, (install_command(extra), otherwise))),
        )


class NothingToDoError(SeedbedError):
    """There was nothing to do, and the caller asked for that to fail."""

    exit_code = ExitCode.NOTHING_TO_DO


class StoreError(SeedbedError, OSError):
    """The sample store or the request journal cannot be read or written; what was stored before is intact."""

    def __str__(self) -> str:
        return self.message


class ForgeError(SeedbedError):
    """The forge does not answer, refuses, or answers what its API does not say."""


class TeacherError(SeedbedError):
    """The teacher cannot be used at all; a single bad answer is a result, not an error."""


class TrainingError(SeedbedError):
    """Training diverged, or a gate refused its result."""

    exit_code = ExitCode.FINDINGS
