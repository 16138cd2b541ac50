"""Only keys of the format are used.

What stands under an unknown key is never read, so its author's work would be lost without a word.

Fails:

    - question: What is a tide?
      answer: The sea rising and falling.
      note: checked twice

Passes: the same without `note`; a remark can be a YAML comment (`# checked twice`).

To fix it: remove the key, rename it, or make it a comment.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.reading_faults import findings_of
from seedbed.checking.surroundings import Surroundings
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB112"
SEVERITY = Severity.ERROR
KINDS = frozenset({"unknown_key"})


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """What the reader found of this kind."""
    return findings_of(leaf, KINDS, CODE, SEVERITY)
