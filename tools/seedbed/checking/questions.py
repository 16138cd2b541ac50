"""An index of the questions of a taxonomy: which leaf asks the same, which asks nearly the same.

Near questions are found by MinHash (Broder 1997) in its one-permutation form (Li, Owen, Zhang 2012): the shingles of a
question fall into bins, the smallest hash of each bin is kept, and two questions are candidates when they agree in two
neighbouring bins. Whoever asks reads the candidates and decides.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise

from seedbed.checking.texts import words_of

BINS = 16
ROWS = 2
FEWEST_WORDS = 5
MOST_CANDIDATES = 20

_QUESTION = re.compile(
    r"^[ \t]*(?:-[ \t]+)*question[ \t]*:(?P<text>[^\n]*(?:\n(?![ \t]*(?:-[ \t]|[A-Za-z_]+[ \t]*:(?:\s|\Z)))[^\n]*)*)",
    re.MULTILINE,
)
_QUOTED_BREAK = re.compile(r"\\[nrt]")


def questions_in(text: str) -> Iterator[list[str]]:
    """The words of each question in the text of a leaf, found without parsing it: quick, and right but for rarities."""
    for match in _QUESTION.finditer(text):
        words = words_of(_QUOTED_BREAK.sub(" ", match["text"]))
        if words:
            yield words


class QuestionIndex:
    """Which leaves may ask a question. Holds hashes alone, so that a large taxonomy fits into memory."""

    def __init__(self) -> None:
        self._leaves: list[str] = []
        self._exact: dict[int, list[int]] = {}
        self._bands: dict[int, list[int]] = {}

    def add(self, path: str, text: str) -> None:
        """Take in the questions of the leaf at `path`, whose file holds `text`."""
        number = len(self._leaves)
        self._leaves.append(path)
        for words in questions_in(text):
            self._exact.setdefault(_hash(" ".join(words)), []).append(number)
            for band in bands(words):
                self._bands.setdefault(band, []).append(number)

    def same(self, question: str) -> list[str]:
        """Paths of leaves that ask in the same words, by path."""
        key = _hash(" ".join(words_of(question)))
        return sorted({self._leaves[number] for number in self._exact.get(key, ())})

    def near(self, question: str) -> list[str]:
        """Paths of leaves that may ask nearly the same; the likeliest first, at most twenty."""
        votes = Counter(
            number
            for band in bands(words_of(question))
            for number in dict.fromkeys(self._bands.get(band, ()))
        )
        ranked = sorted(votes, key=lambda number: (-votes[number], self._leaves[number]))
        return [self._leaves[number] for number in ranked[:MOST_CANDIDATES]]


def shingles(words: Sequence[str]) -> frozenset[str]:
    """Single words and pairs of neighbours, without a plural's or a verb's `s`."""
    words = [word[:-1] if len(word) > 3 and word[-1] == "s" and word[-2] != "s" else word for word in words]
    return frozenset((*words, *(f"{a} {b}" for a, b in pairwise(words))))


def bands(words: Sequence[str]) -> list[int]:
    """Keys of which near questions share at least one; none for a question of fewer than five words."""
    if len(words) < FEWEST_WORDS:
        return []
    smallest: list[int | None] = [None] * BINS
    for shingle in shingles(words):
        value = _hash(shingle)
        place = value % BINS
        kept = smallest[place]
        if kept is None or value < kept:
            smallest[place] = value
    filled = [_filled(smallest, place) for place in range(BINS)]
    return [hash((first, *filled[first : first + ROWS])) for first in range(0, BINS, ROWS)]


def _filled(smallest: Sequence[int | None], place: int) -> int:
    """The value of a bin; of an empty one that of the next filled one (densification by rotation)."""
    for distance in range(BINS):
        value = smallest[(place + distance) % BINS]
        if value is not None:
            return value + distance
    raise AssertionError("a question of five words fills a bin")


@lru_cache(maxsize=65_536)
def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")
