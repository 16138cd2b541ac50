"""The file is no larger than a leaf needs: 256 KiB, 12 levels, 20,000 values.

A real leaf has 2 to 30 KiB and five levels. Larger ones make checks slow for everyone and no better samples, since a
teacher is shown a few seeds at a time.

Fails: a whole book as a seed's context.

Passes: the book as a document that a knowledge leaf cites, with five passages of it as contexts.

To fix it: split the leaf, or move long texts into documents.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.reading_faults import findings_of
from seedbed.checking.surroundings import Surroundings
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB103"
SEVERITY = Severity.ERROR
KINDS = frozenset({"size", "depth", "nodes"})


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """What the reader found of this kind."""
    return findings_of(leaf, KINDS, CODE, SEVERITY)
