"""The file can be read at all.

A broken object store, a partial clone or missing permissions keep the bytes away.

Fails: a leaf whose blob is missing from the clone

Passes: the same leaf after `git fetch --refetch`

To fix it: `git fsck` shows what is broken; check the file's permissions.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.reading_faults import findings_of
from seedbed.checking.surroundings import Surroundings
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB109"
SEVERITY = Severity.ERROR
KINDS = frozenset({"unreadable"})


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """What the repository could not give."""
    return findings_of(leaf, KINDS, CODE, SEVERITY)
