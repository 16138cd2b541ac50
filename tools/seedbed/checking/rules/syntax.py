"""The file is YAML.

A tab in the indentation, a colon in unquoted text, an unclosed quote or a crooked indent keeps every reader from
seeing anything of the leaf, so that none of its other faults can be told.

Fails:

    task_description: Answer this: what is tidal?

Passes:

    task_description: "Answer this: what is tidal?"

To fix it: quote text with `: ` in it, or write it as a block after `|`; indent with spaces.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.reading_faults import findings_of
from seedbed.checking.surroundings import Surroundings
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB101"
SEVERITY = Severity.ERROR
KINDS = frozenset({"syntax"})


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """What the reader found of this kind."""
    return findings_of(leaf, KINDS, CODE, SEVERITY)
