"""Which of many numbered things have a key in common: flat arrays, twelve bytes a thing or less.

All keys are known before the first question is asked, so that those which occur once, nearly all of them as a rule, take
no room at all: a dictionary of ten keys for each of a million samples would be gigabytes.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator

NO_KEY = 0
"""Stands for none: whoever has it shares it with nobody."""


class SharedKeys:
    """One key a thing, and for each key the first `most` things that were kept."""

    def __init__(self, keys: array[int], most: int) -> None:
        """`keys` are those of the things 0, 1, 2 …"""
        self._most = most
        self._groups, groups = _grouped(keys)
        self._held = array("i", bytes(4 * groups))
        self._latest = array("i", [-1]) * groups
        self._earlier = array("i", [-1]) * len(keys)

    def keep(self, number: int) -> None:
        """From now on the thing of this number is found by its key, unless `most` others are."""
        group = self._groups[number]
        if group >= 0 and self._held[group] < self._most:
            self._held[group] += 1
            self._earlier[number] = self._latest[group]
            self._latest[group] = number

    def held(self, number: int) -> int:
        """How many kept things `kept` would give."""
        group = self._groups[number]
        return self._held[group] if group >= 0 else 0

    def kept(self, number: int) -> Iterator[int]:
        """The numbers of kept things that have the key of this one, the latest first."""
        group = self._groups[number]
        other = self._latest[group] if group >= 0 else -1
        while other >= 0:
            yield other
            other = self._earlier[other]


def _grouped(keys: array[int]) -> tuple[array[int], int]:
    """For each thing the number of its group, -1 where no other has its key; and how many groups there are."""
    counts = Counter(keys)
    counts[NO_KEY] = 0
    numbers: dict[int, int] = {}
    groups = array("i", (numbers.setdefault(key, len(numbers)) if counts[key] > 1 else -1 for key in keys))
    return groups, len(numbers)
