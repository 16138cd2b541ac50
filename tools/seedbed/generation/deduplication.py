"""Whether a text has been seen before, or nearly so."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from seedbed.generation.normalise import normalised, words


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    """The pairs of neighbouring words of a text (the word itself where there is but one)."""
    found = words(text)
    return frozenset(pairwise(found)) or frozenset((word,) for word in found)


def similarity(first: frozenset[tuple[str, ...]], second: frozenset[tuple[str, ...]]) -> float:
    """Jaccard: what two sets share as a part of what they hold together, 0…1; two empty sets share nothing."""
    together = len(first | second)
    return len(first & second) / together if together else 0.0


class SeenTexts:
    """Texts in the order in which they came; exact and near copies of them are found."""

    def __init__(self, near_copy: float, texts: Iterable[str] = ()) -> None:
        """`near_copy` is the similarity, 0…1, from which two texts count as copies."""
        self._near_copy = near_copy
        self._texts: dict[str, str] = {}
        self._shingles: list[tuple[frozenset[tuple[str, ...]], str]] = []
        for text in texts:
            self.add(text)

    def add(self, text: str) -> None:
        """Remember a text."""
        if normalised(text) not in self._texts:
            self._texts[normalised(text)] = text
            self._shingles.append((shingles(text), text))

    def repeats(self, text: str) -> bool:
        """Whether a text of the same words was seen."""
        return normalised(text) in self._texts

    def nearest_copy(self, text: str) -> str | None:
        """The first text seen that this one is an exact or near copy of."""
        if self.repeats(text):
            return self._texts[normalised(text)]
        mine = shingles(text)
        return next((seen for theirs, seen in self._shingles if self._close(mine, theirs)), None)

    def _close(self, first: frozenset[tuple[str, ...]], second: frozenset[tuple[str, ...]]) -> bool:
        # Sets whose sizes are further apart than this cannot be similar enough: no need to intersect them.
        smaller, larger = sorted((len(first), len(second)))
        return smaller >= self._near_copy * larger and similarity(first, second) >= self._near_copy


class SeedTexts:
    """The texts of a leaf's seeds: what a teacher writes must neither copy one nor carry a held-out one along."""

    def __init__(self, near_copy: float, *, shown: Iterable[str], held_out: Iterable[str]) -> None:
        kept_back = tuple(held_out)
        self._seen = SeenTexts(near_copy, (*shown, *kept_back))
        self._held_out = tuple((f" {' '.join(words(text))} ", text) for text in kept_back if words(text))

    def copied(self, text: str) -> str | None:
        """The seed that `text` is an exact or near copy of, or the held-out one that it contains word for word."""
        padded = f" {' '.join(words(text))} "
        contained = (seed for held_out, seed in self._held_out if held_out in padded)
        return self._seen.nearest_copy(text) or next(contained, None)
