"""Text that looks like something else is quoted.

To YAML readers an unquoted `no` is false, `1.10` is the number 1.1, `2024-01-31` a date and `null` nothing, and they
do not agree with each other. The model would be taught `False` or `1.1`.

Fails:

    answer: no

Passes:

    answer: "no"

To fix it: put the value in quotes. The fix is safe: the text stays what you see.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.reading_faults import findings_of
from seedbed.checking.surroundings import Surroundings
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB107"
SEVERITY = Severity.ERROR
KINDS = frozenset({"plain_value"})


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """What the reader found of this kind."""
    return findings_of(leaf, KINDS, CODE, SEVERITY)
