"""What became of each leaf of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from seedbed.generation.funnel import Funnel, total
from seedbed.generation.sample import Stage


class Outcome(StrEnum):
    """What became of a leaf."""

    GENERATED = "generated"
    STORED = "already stored"
    PREVIEWED = "previewed"  # shown, not stored
    REFUSED = "refused"  # the teacher is not trusted with it
    UNREADABLE = "unreadable"  # it is no valid leaf, or its documents cannot be read
    FAILED = "failed"  # the teacher gave hardly an answer that could be used, so that nothing is stored
    BROKEN = "broken"  # a defect of Seedbed's own ended it; the log holds its trace


@dataclass(frozen=True, slots=True)
class LeafOutcome:
    """One leaf of a run."""

    name: str
    outcome: Outcome
    reason: str = ""
    key: str | None = None
    samples: int = 0
    held_out: int = 0
    funnels: Mapping[Stage, Funnel] = field(default_factory=dict)
    seconds: float = 0.0
    by_teacher: bool = False
    """Where it was refused: whether another teacher might grow it."""

    @property
    def total(self) -> Funnel:
        return total(self.funnels.values())
