"""A list that may hold an item once does so.

A repeated file pattern or seed says nothing new, and usually means that something else was meant.

Fails:

    patterns: [rules.md, rules.md]

Passes:

    patterns: [rules.md, fees.md]

To fix it: remove one, or write what was meant.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.reading_faults import findings_of
from seedbed.checking.surroundings import Surroundings
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB116"
SEVERITY = Severity.ERROR
KINDS = frozenset({"repeated_item"})


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """What the reader found of this kind."""
    return findings_of(leaf, KINDS, CODE, SEVERITY)
