"""Which leaves hold a key, and what is noted of each: kept in memory. `stored_postings` keeps it in a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

Number = int | str
"""A leaf as postings name it: its number in a file, or the path itself."""


MOST_IN_BAND = 64
"""Leaves up to which a band counts; a crowded one comes from words that very many begin with, and says nothing.
Keys of bands are even. Odd keys are never crowded: every leaf that holds one counts."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is noted of one leaf: the keys that it is found by, and a sketch (shingles as 32-bit numbers) per question."""

    path: str
    keys: frozenset[int]
    sketches: tuple[frozenset[int], ...] = ()
    mark: int = 0  # of all its questions together


class Postings(Protocol):
    """Keys are 64-bit integers. Leaves are numbers until their paths are asked for: most candidates never are."""

    def leaves(self, key: int, most: int) -> Sequence[Number]:
        """Leaves that hold `key`, in no particular order, at most `most` of them."""
        ...

    def sharing(self, keys: Sequence[int], fewest: int) -> Mapping[Number, int]:
        """Leaves that hold at least `fewest` of the band keys, and how many. Of a crowded key nothing need be known."""
        ...

    def path(self, leaf: Number) -> str:
        """The path of the leaf's file."""
        ...

    def sketches(self, leaf: Number) -> Sequence[frozenset[int]]:
        """The sketches of the leaf's questions."""
        ...

    def number(self, path: str) -> Number | None:
        """What the leaf at `path` is named by, if it is among them."""
        ...

    def alone(self, path: str, mark: int) -> bool:
        """Whether it is known that the leaf at `path`, if its questions have this mark, has no neighbours."""
        ...

    def forget(self) -> None:
        """Remove the file that they come from, if there is one."""
        ...


class MemoryPostings:
    """Postings that live as long as the process."""

    def __init__(self) -> None:
        self._leaves: dict[int, list[Number]] = {}
        self._sketches: dict[Number, tuple[frozenset[int], ...]] = {}

    def add(self, asked: Asked) -> None:
        """Take in what is noted of one leaf."""
        self._sketches[asked.path] = asked.sketches
        for key in asked.keys:
            self._leaves.setdefault(key, []).append(asked.path)

    def leaves(self, key: int, most: int) -> Sequence[Number]:
        return self._leaves.get(key, [])[:most]

    def sharing(self, keys: Sequence[int], fewest: int) -> Mapping[Number, int]:
        votes: dict[Number, int] = {}
        for key in set(keys):
            found = self._leaves.get(key, ())
            if len(found) <= MOST_IN_BAND:
                for leaf in found:
                    votes[leaf] = votes.get(leaf, 0) + 1
        return {leaf: count for leaf, count in votes.items() if count >= fewest}

    def path(self, leaf: Number) -> str:
        return str(leaf)

    def sketches(self, leaf: Number) -> Sequence[frozenset[int]]:
        return self._sketches[leaf]

    def number(self, path: str) -> Number | None:
        return path

    def alone(self, path: str, mark: int) -> bool:
        return False

    @property
    def empty(self) -> bool:
        """Whether nothing was added."""
        return not self._sketches

    def forget(self) -> None:
        """There is no file."""
