"""The file is UTF-8 text without a byte order mark and without control characters.

Other encodings read differently on another machine. Control characters, line separators and byte order marks are
invisible in an editor and reach the model as tokens of their own.

Fails: a file saved as Windows-1252 or UTF-16, or one that begins with U+FEFF.

Passes: a file saved as "UTF-8" (in Windows editors: "UTF-8 without BOM").

To fix it: save the file as UTF-8; remove the character that the finding points at.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.reading_faults import findings_of
from seedbed.checking.surroundings import Surroundings
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB102"
SEVERITY = Severity.ERROR
KINDS = frozenset({"encoding", "control_character"})


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """What the reader found of this kind."""
    return findings_of(leaf, KINDS, CODE, SEVERITY)
