"""A key that must say something has a value.

An empty question or answer teaches the model to say nothing.

Fails:

    answer:

Passes:

    answer: The sea rising and falling.

To fix it: give the key a value, or remove an optional key.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.reading_faults import findings_of
from seedbed.checking.surroundings import Surroundings
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB114"
SEVERITY = Severity.ERROR
KINDS = frozenset({"empty_value"})


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """What the reader found of this kind."""
    return findings_of(leaf, KINDS, CODE, SEVERITY)
