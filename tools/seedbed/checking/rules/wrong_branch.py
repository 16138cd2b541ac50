"""A leaf lies in the branch of its kind.

Branches decide how samples are made: `knowledge` leaves cite documents; `foundational_skills` and
`compositional_skills` leaves do not. A leaf in the wrong branch would go through the wrong prompts and phase.

Fails: a leaf with `document` under `compositional_skills/`.

Passes: the same leaf under `knowledge/`.

To fix it: move the folder, or remove what belongs to the other kind.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.reading_faults import findings_of
from seedbed.checking.surroundings import Surroundings
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB118"
SEVERITY = Severity.ERROR
KINDS = frozenset({"wrong_branch"})


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """What the reader found of this kind."""
    return findings_of(leaf, KINDS, CODE, SEVERITY)
