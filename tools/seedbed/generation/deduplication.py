"""Whether a text has been seen before, or nearly so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import islice, pairwise

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
        self._sizes: list[int] = []  # shingles of each text
        self._holders: dict[
            tuple[str, ...], list[int]
        ] = {}  # shingle → the numbers of the texts that have it
        for text in texts:
            self.add(text)

    def add(self, text: str) -> None:
        """Remember a text."""
        if normalised(text) in self._texts:
            return
        self._texts[normalised(text)] = text
        mine = shingles(text)
        for shingle in mine:
            self._holders.setdefault(shingle, []).append(len(self._sizes))
        self._sizes.append(len(mine))

    def repeats(self, text: str) -> bool:
        """Whether a text of the same words was seen."""
        return normalised(text) in self._texts

    def nearest_copy(self, text: str) -> str | None:
        """The first text seen that this one is an exact or near copy of."""
        if self.repeats(text):
            return self._texts[normalised(text)]
        number = self._first_near(shingles(text))
        return None if number is None else next(islice(self._texts.values(), number, None))

    def _first_near(self, mine: frozenset[tuple[str, ...]]) -> int | None:
        """The number of the first text that is similar enough; only those that share a shingle can be."""
        if self._near_copy <= 0:
            return 0 if self._sizes else None
        shared = Counter(number for shingle in mine for number in self._holders.get(shingle, ()))
        near = (
            number
            for number, count in shared.items()
            if count / (len(mine) + self._sizes[number] - count) >= self._near_copy
        )
        return min(near, default=None)


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
