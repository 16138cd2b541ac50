"""What every arm of a study can do, whatever it is about: be taken, from nothing but its own values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field
from typing import Any, ClassVar, Protocol, TypeVar

Report = Callable[[str], None]


class Result(Protocol):
    """What is kept of an arm: a frozen dataclass of plain values."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def seconds(self) -> float:
        """How long it took."""

    @property
    def score(self) -> float:
        """One figure for the line that tells of its end, 0…1."""


R_co = TypeVar("R_co", bound=Result, covariant=True)


class Arm(Protocol[R_co]):
    """A frozen dataclass of plain values; equal ones give equal results, save for the seconds."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def work(self) -> float:
        """How much there is to do, in any unit that the arms of a study share."""

    def take(self, report: Report) -> tuple[R_co, ...]:
        """Do it, in one thread."""
