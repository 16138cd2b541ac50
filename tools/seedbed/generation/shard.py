"""A part of a taxonomy, for one of several machines: every leaf is in exactly one, whoever asks."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from seedbed.errors import UsageError


@dataclass(frozen=True, slots=True)
class Shard:
    """Number `index` of `count` parts, from 1; 1 of 1 is the whole."""

    index: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """From `2/8`. Raises UsageError when it is not of that form."""
        index, _, count = text.partition("/")
        if not (index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count)):
            raise UsageError(
                f"--shard {text!r} is no part; expected I/N with I from 1 to N",
                hint="--shard 1/8 … --shard 8/8, one for each machine",
            )
        return cls(int(index), int(count))

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    @property
    def suffix(self) -> str:
        """For the names of files that belong to this part alone; empty for the whole."""
        return f"-{self.index}-of-{self.count}" if self.count > 1 else ""

    def holds(self, leaf: str) -> bool:
        """Whether a leaf of this name is in this part: its SHA-256, as a number, modulo `count`."""
        digest = hashlib.sha256(leaf.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") % self.count == self.index - 1


WHOLE = Shard(1, 1)
