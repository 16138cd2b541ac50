"""One line of `seedbed doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How one thing stands."""

    OK = "ok"
    ATTENTION = "attention"  # something will not work, or less well
    BLOCKED = "blocked"  # `seedbed check` cannot run, or the teacher that was asked for cannot be used


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One line: what was looked at, how it stands, and what to type or change."""

    subject: str
    state: State
    found: str
    advice: str | None = None
