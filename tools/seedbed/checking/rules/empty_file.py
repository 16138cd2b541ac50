"""The file holds a leaf: `key: value` lines at its top.

An empty file, a list or a single text is valid YAML, yet no leaf. To remove a leaf, delete its file.

Fails:

    - question: What is a tide?

Passes:

    version: 3
    task_description: Explain words of the sea
    seed_examples:
      - question: What is a tide?

To fix it: start from `seedbed new skill PATH`, or delete the file.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.reading_faults import findings_of
from seedbed.checking.surroundings import Surroundings
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB108"
SEVERITY = Severity.ERROR
KINDS = frozenset({"empty", "not_a_mapping"})


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """What the reader found of this kind."""
    return findings_of(leaf, KINDS, CODE, SEVERITY)
