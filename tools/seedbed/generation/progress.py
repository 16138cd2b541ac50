"""Who watches a run hears of every answer, decision and leaf."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from seedbed.generation.funnel import Loss
    from seedbed.generation.leaf_outcome import LeafOutcome
    from seedbed.teacher.teacher import Completion


Watch = Callable[[str, int, int], None]
"""Hears what is done to what, such as "leaves read", and to how many of how many."""


class Progress(Protocol):
    """Who watches a run."""

    def answered(self, completion: Completion) -> None:
        """The teacher, or the journal, answered a request."""
        ...

    def decided(self, loss: Loss | None, share: float) -> None:
        """An attempt became a sample (None) or why not, which did so much of a leaf, 0…1."""
        ...

    def finished(self, outcome: LeafOutcome) -> None:
        """A leaf is done with, whatever came of it."""
        ...


class Unwatched:
    """Nobody."""

    def answered(self, completion: Completion) -> None:
        return

    def decided(self, loss: Loss | None, share: float) -> None:
        return

    def finished(self, outcome: LeafOutcome) -> None:
        return
