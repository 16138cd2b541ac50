"""The file uses plain YAML: no aliases, anchors, tags, directives or further documents.

Aliases can make a few hundred bytes unfold into gigabytes, tags can ask a reader to build objects, and readers
disagree on all of them. A leaf says everything in full.

Fails:

    answer: *first_answer

Passes:

    answer: "*first_answer"

To fix it: write the text out; quote it if `*`, `&`, `!` or `%` is part of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.reading_faults import findings_of
from seedbed.checking.surroundings import Surroundings
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB104"
SEVERITY = Severity.ERROR
KINDS = frozenset({"alias", "anchor", "tag", "directive", "several_documents"})


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """What the reader found of this kind."""
    return findings_of(leaf, KINDS, CODE, SEVERITY)
