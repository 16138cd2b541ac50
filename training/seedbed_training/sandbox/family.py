"""A task family: an endless supply of cases that one leaf could hold, each made by a rule from random words."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Case:
    """One exchange of a family. `wording` says which of the family's ways of asking was used."""

    question: str
    answer: str
    wording: int
    context: str | None = None

    @property
    def prompt(self) -> str:
        """What a model is shown: the context, if there is one, above the question."""
        return self.question if self.context is None else f"{self.context}\n\n{self.question}"

    @property
    def unseen(self) -> bool:
        """Whether the case is kept from all training of the sandbox, for measuring: one in sixteen, by digest."""
        return hashlib.sha256(self.prompt.encode()).digest()[0] < 16


@dataclass(frozen=True, slots=True)
class Family:
    """A named rule. `draw(random, wording)` makes a case; `context` draws a fresh context, for grounded families."""

    name: str
    wordings: int
    draw: Callable[[Random, int], Case]
    draw_about: Callable[[Random, int, str], Case] | None = None
    """For grounded families: a case about a given context."""


def draw_case(family: Family, random: Random, wording: int | None = None, *, unseen: bool = False) -> Case:
    """A case that training may see, or (with `unseen`) one that it never does."""
    while True:
        chosen = random.randrange(family.wordings) if wording is None else wording
        case = family.draw(random, chosen)
        if case.unseen == unseen:
            return case
