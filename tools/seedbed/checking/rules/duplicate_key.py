"""A key stands once in its mapping.

Most readers keep the last of two equal keys and silently drop the other, so a seed is lost without anyone noticing.
Often the `- ` that begins the next seed is missing.

Fails:

    - question: What is a tide?
      answer: The sea rising and falling.
      question: What is a spring tide?

Passes:

    - question: What is a tide?
      answer: The sea rising and falling.
    - question: What is a spring tide?

To fix it: add the missing `- `, or keep one of the two.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.reading_faults import findings_of
from seedbed.checking.surroundings import Surroundings
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB105"
SEVERITY = Severity.ERROR
KINDS = frozenset({"duplicate_key"})


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """What the reader found of this kind."""
    return findings_of(leaf, KINDS, CODE, SEVERITY)
