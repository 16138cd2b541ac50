"""Lists hold at least as many items as the format asks for.

A teacher imitates variety: five seeds (and three questions for each context of a knowledge leaf) are the least that
shows what may vary and what must stay (InstructLab format, version 3).

Fails: `seed_examples` with two seeds.

Passes: `seed_examples` with five seeds that differ in wording, length and difficulty.

To fix it: add seeds; copies with one word changed do not help.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.reading_faults import findings_of
from seedbed.checking.surroundings import Surroundings
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB115"
SEVERITY = Severity.ERROR
KINDS = frozenset({"too_few"})


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """What the reader found of this kind."""
    return findings_of(leaf, KINDS, CODE, SEVERITY)
