"""Every key that the format asks for is there.

Generation needs them: without `task_description` a teacher does not know what is asked, without `answer` it has
nothing to imitate. Keys missing at one place are one finding; a key that is nearly right is reported with the word
that was probably meant.

Fails:

    task_descripton: Explain words of the sea

Passes:

    task_description: Explain words of the sea

To fix it: add the key, or rename the one that was misspelt.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.reading_faults import findings_of
from seedbed.checking.surroundings import Surroundings
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB111"
SEVERITY = Severity.ERROR
KINDS = frozenset({"missing_key"})


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """What the reader found of this kind."""
    return findings_of(leaf, KINDS, CODE, SEVERITY)
