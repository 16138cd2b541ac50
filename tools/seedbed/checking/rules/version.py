"""The leaf names a version of the format that exists, and has its shape.

`version: 3` is current. Versions 1 and 2 are read as they are, so that existing taxonomies work; a leaf with the
shape of version 3 that says 1 would be judged by the wrong rules.

Fails:

    version: 4

Passes:

    version: 3

To fix it: write `version: 3` as the first line and follow what the other findings ask.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.reading_faults import findings_of
from seedbed.checking.surroundings import Surroundings
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB117"
SEVERITY = Severity.ERROR
KINDS = frozenset({"version"})


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """What the reader found of this kind."""
    return findings_of(leaf, KINDS, CODE, SEVERITY)
