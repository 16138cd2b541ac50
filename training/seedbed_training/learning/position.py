"""Where a run stands, and what run it is: what a checkpoint tells besides weights and moments."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from seedbed.errors import UsageError
from seedbed_training.learning.encode import LeftOut


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """What a run is made of; a checkpoint of any other run is refused."""

    plan: str  # digests, in hex
    recipe: str
    tokenizer: str
    base: str

    def refuse_other(self, other: RunIdentity, *, directory: Path) -> None:
        """Raises UsageError naming each part in which `other`, found in `directory`, differs."""
        different = [
            f"{field.name} {getattr(other, field.name)[:12]} there, {getattr(self, field.name)[:12]} here"
            for field in fields(self)
            if getattr(self, field.name) != getattr(other, field.name)
        ]
        if different:
            raise UsageError(
                f"{directory} holds a run of something else: {'; '.join(different)}",
                hint="give this run another directory, or remove that one to start anew",
            )


@dataclass(frozen=True, slots=True)
class Position:
    """How far a run has come. Random numbers need no state: each step seeds them from `seed`, phase and step."""

    identity: RunIdentity
    seed: int
    phase_index: int
    phase: str
    step: int  # optimiser steps of this phase that are done
    steps: int  # of this phase altogether
    seconds: tuple[float, ...]  # of training, for each phase begun so far
    digests: tuple[str, ...]  # sha256 of the weights at the end of each phase done so far
    threads: int
    """CPU threads; sums are ordered by them, so that another number may change the last bits of the weights."""
    ranks: int = 1
    """Processes that trained together; they too order sums."""
    tokens: tuple[int, ...] = ()  # read by the model, for each phase begun so far
    replay_tokens: tuple[int, ...] = ()  # of them, those of replayed samples
    left_out: tuple[LeftOut, ...] = ()  # samples met so far that are not trained on
    made_with: Mapping[str, str] = field(default_factory=dict)
    """Device and libraries, which round in ways of their own; of an older Seedbed's checkpoint none are known."""

    @property
    def name(self) -> str:
        """Of its checkpoint's folder."""
        return f"{self.phase}-{self.step}"

    @property
    def final(self) -> bool:
        """Whether the phase is done."""
        return self.step == self.steps

    @property
    def order(self) -> tuple[int, int]:
        return (self.phase_index, self.step)


def is_regular(position: Position, *, every: int) -> bool:
    """Whether a run without an interruption makes a checkpoint here too."""
    return position.final or position.step % every == 0


def read_position(path: Path) -> Position:
    """The position that a file tells of.

    Raises whatever a damaged one brings: OSError, ValueError, TypeError, KeyError or AttributeError.
    """
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return Position(
        **{
            **content,
            "identity": RunIdentity(**content["identity"]),
            "seconds": tuple(content["seconds"]),
            "digests": tuple(content["digests"]),
            "tokens": tuple(content.get("tokens", ())),
            "replay_tokens": tuple(content.get("replay_tokens", ())),
            "left_out": tuple(LeftOut(**entry) for entry in content.get("left_out", ())),
        }
    )
