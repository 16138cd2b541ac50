"""An index of the questions of a taxonomy: which leaf asks the same, which asks nearly the same.

Near questions are found by MinHash (Broder 1997) in its one-permutation form (Li, Owen, Zhang 2012): the shingles of a
question fall into bins, the smallest hash of each is kept, and two questions are candidates when they twice agree in two
neighbouring bins and their sketches, all shingles as numbers, then share enough. Whoever asks reads the few that are
left and decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from zlib import crc32

from seedbed.checking.postings import Asked, MemoryPostings, Number, Postings
from seedbed.checking.texts import words_of

BINS = 16
ROWS = 2
FEWEST_WORDS = 5
MOST_CANDIDATES = 20
MOST_OF_THE_SAME = 64
FEWEST_VOTES = 2
"""Bands, of eight, that a candidate shares. At a likeness of 0.7 one question in 25 is missed, at 0.8 one in 250."""
MOST_KEPT_WORDS = 200
"""Words of a question up to which its sketch is kept for a second use; a few hostile ones must not fill the memory."""
LONGEST_KEPT_FILE = 8_192
"""Characters of a file up to which it is looked through once, though base and head both hold it."""
LEAST_SHARED = 0.7
"""Of two questions' shingles, the part that both have (Jaccard), from which they may be nearly the same."""

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


def asked_by(path: str, text: str, *others: int) -> Asked:
    """What the index holds of the leaf at `path`: keys of each question's words and bands, sketches, and `others`."""
    known = _kept_asked(text) if len(text) <= LONGEST_KEPT_FILE else _asked(text)
    return Asked(path, known.keys.union(others), known.sketches, known.mark)


def _asked(text: str) -> Asked:
    keys: set[int] = set()
    exact = []
    sketches = []
    for words in questions_in(text):
        exact.append(exact_key(words))
        if shingled := sketch(words):
            keys.update(bands(shingled))
            sketches.append(shingled)
    return Asked("", frozenset((*keys, *exact)), tuple(sketches), asked_mark(exact))


class QuestionIndex:
    """Which leaves may ask a question. Holds hashes alone, so that a large taxonomy fits."""

    def __init__(self, postings: Postings | None = None) -> None:
        self._postings = MemoryPostings() if postings is None else postings

    def add(self, path: str, text: str) -> None:
        """Take in the questions of the leaf at `path`, whose file holds `text`."""
        assert isinstance(self._postings, MemoryPostings), "stored postings are not added to"
        self._postings.add(asked_by(path, text))

    def same(self, question: str, *, besides: str = "") -> list[str]:
        """Paths of leaves, besides the one named, that ask in the same words, by path."""
        found = self._postings.leaves(exact_key(words_of(question)), MOST_OF_THE_SAME)
        own = self._postings.number(besides)
        return sorted(self._postings.path(leaf) for leaf in set(found) if leaf != own)

    def near(self, question: str, *, besides: str = "") -> list[str]:
        """Paths of leaves, besides the one named, that ask nearly the same; the likeliest first, at most twenty."""
        shingled = sketch(words_of(question))
        keys = bands(shingled)
        if not keys:
            return []
        own = self._postings.number(besides)
        others = [leaf for leaf in self._postings.sharing(keys, FEWEST_VOTES) if leaf != own]
        if not others:
            return []
        alike = ((likeness_of(shingled, self._postings.sketches(leaf)), leaf) for leaf in others)
        kept = [(share, leaf) for share, leaf in alike if share >= LEAST_SHARED]
        ranked = sorted((-share, self._postings.path(leaf)) for share, leaf in kept)
        return [path for _, path in ranked[:MOST_CANDIDATES]]

    def is_alone(self, path: str, questions: Iterable[str]) -> bool:
        """Whether it is known, without a look at each question, that no other leaf asks what the one at `path` does.

        It is known only where what was found in the file without parsing it are `questions`, those of the parsed file.
        """
        return self._postings.alone(path, asked_mark(exact_key(words_of(text)) for text in questions))


def likeness_of(shingled: frozenset[int], others: Iterable[frozenset[int]]) -> float:
    """The most of a question's shingles that one of `others` shares (Jaccard, 0…1)."""
    return max((len(shingled & other) / len(shingled | other) for other in others), default=0.0)


def exact_key(words: Sequence[str]) -> int:
    """The key of a question in these very words."""
    return _signed(_hash(" ".join(words)) | 1)


def asked_mark(exact_keys: Iterable[int]) -> int:
    """One 64-bit number of all questions of a leaf, by which two lists of them are compared."""
    return _signed(sum(exact_keys) % 2**64)


def has_near(leaf: Number, postings: Postings) -> bool:
    """Whether another leaf in `postings` asks nearly the same as this one."""
    return any(
        other != leaf and likeness_of(shingled, postings.sketches(other)) >= LEAST_SHARED
        for shingled in postings.sketches(leaf)
        for other in postings.sharing(bands(shingled), FEWEST_VOTES)
    )


def topic_key(topic: Sequence[str]) -> int:
    """The key of the words of a leaf's last folder."""
    return _signed(_hash("\0".join(("topic", *topic))) | 1)


def shingles(words: Sequence[str]) -> frozenset[str]:
    """Single words and pairs of neighbours, without a plural's or a verb's `s`."""
    words = [word[:-1] if len(word) > 3 and word[-1] == "s" and word[-2] != "s" else word for word in words]
    return frozenset((*words, *(f"{a} {b}" for a, b in pairwise(words))))


def sketch(words: Sequence[str]) -> frozenset[int]:
    """The shingles as numbers of 32 bits; none for a question of fewer than five words."""
    if len(words) < FEWEST_WORDS:
        return frozenset()
    return _kept_sketch(tuple(words)) if len(words) <= MOST_KEPT_WORDS else _sketch(tuple(words))


def _sketch(words: tuple[str, ...]) -> frozenset[int]:
    # The multiplier spreads the checksums of words that are alike.
    return frozenset(
        crc32(shingle.encode("utf-8", "replace")) * 0x9E3779B1 >> 16 & 0xFFFFFFFF
        for shingle in shingles(words)
    )


def bands(shingled: frozenset[int]) -> tuple[int, ...]:
    """Keys of a question's sketch, of which near questions share at least one."""
    if not shingled:
        return ()
    return _kept_bands(shingled) if len(shingled) <= 2 * MOST_KEPT_WORDS else _bands(shingled)


def _bands(shingled: frozenset[int]) -> tuple[int, ...]:
    smallest = {value % BINS: value for value in sorted(shingled, reverse=True)}
    filled = [smallest.get(place) or _filled(smallest, place) for place in range(BINS)]
    return tuple(_mixed(first, filled[first : first + ROWS]) for first in range(0, BINS, ROWS))


# A leaf's questions are taken into the index and then looked up in it.
_kept_sketch = lru_cache(maxsize=2_048)(_sketch)
_kept_bands = lru_cache(maxsize=2_048)(_bands)
_kept_asked = lru_cache(maxsize=512)(_asked)


def _mixed(first: int, values: Sequence[int]) -> int:
    """One key of several hashes and a place: the same in every process and version of Python, as a stored key must be."""
    key = first
    for value in values:
        key = (key * 0x9E3779B97F4A7C15 + value) % 2**64
    return _signed(key & ~1)


def _signed(value: int) -> int:
    """A 64-bit number as SQLite holds it."""
    return value - 2**64 if value >= 2**63 else value


def _filled(smallest: Mapping[int, int], place: int) -> int:
    """The value of a bin; of an empty one that of the next filled one (densification by rotation)."""
    for distance in range(BINS):
        value = smallest.get((place + distance) % BINS)
        if value is not None:
            return value + distance
    raise AssertionError("a question of five words fills a bin")


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")
