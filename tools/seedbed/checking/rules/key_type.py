"""Keys are words.

A leaf's keys are `question`, `answer` and the like. Numbers, dates, lists and the merge key `<<` as keys are read
differently by different readers, or pull in other mappings.

Fails:

    <<: {question: What is a tide?}

Passes:

    question: What is a tide?

To fix it: write the keys of the format; `seedbed new` shows them all.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.reading_faults import findings_of
from seedbed.checking.surroundings import Surroundings
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB106"
SEVERITY = Severity.ERROR
KINDS = frozenset({"key_type"})


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """What the reader found of this kind."""
    return findings_of(leaf, KINDS, CODE, SEVERITY)
