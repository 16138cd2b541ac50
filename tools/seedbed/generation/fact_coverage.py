"""How many of a document's atomic facts some accepted question asks for or tells: computed from stored samples alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from seedbed.generation.normalise import words
from seedbed.generation.sample import Sample

LEAST_SHARED = 0.6
"""Of a fact's telling words, the part that a question with its answer must hold to cover it, beside all its numbers."""
_SHORTEST = 4  # letters; shorter words rarely tell one fact from another, numbers always do


@dataclass(frozen=True, slots=True)
class FactCoverage:
    """Facts of a leaf's documents, and those that at least one question of the same passage covers."""

    facts: int
    covered: int
    uncovered: tuple[str, ...]

    @property
    def share(self) -> float:
        """0…1; 1 where there is no fact to cover."""
        return self.covered / self.facts if self.facts else 1.0


def fact_coverage(samples: Iterable[Sample]) -> FactCoverage:
    """The coverage of one leaf. Facts are the lines of its samples that a view of facts made."""
    asked: dict[object, list[frozenset[str]]] = {}
    told: dict[tuple[object, str], None] = {}
    for sample in samples:
        made = sample.provenance
        place = (made.document_blob, made.passage)
        if made.document_blob is None:
            continue
        if made.parameters.get("view_form") == "facts":
            told.update(dict.fromkeys((place, line.removeprefix("- ")) for line in sample.answer.split("\n")))
        elif "view" not in made.parameters:
            asked.setdefault(place, []).append(_telling(f"{sample.question} {sample.answer}"))
    uncovered = tuple(fact for place, fact in told if not _covered(fact, asked.get(place, ())))
    return FactCoverage(len(told), len(told) - len(uncovered), uncovered)


def _covered(fact: str, exchanges: Iterable[frozenset[str]]) -> bool:
    wanted = _telling(fact)
    numbers = {word for word in wanted if word.isdigit()}
    return any(numbers <= said and len(wanted & said) >= LEAST_SHARED * len(wanted) for said in exchanges)


def _telling(text: str) -> frozenset[str]:
    found = words(text)
    return frozenset(word for word in found if len(word) >= _SHORTEST or word.isdigit()) or frozenset(found)
