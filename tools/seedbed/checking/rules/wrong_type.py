"""Every value has the type that the format asks for.

`seed_examples` is a list, each seed is a mapping, each question and answer is one text. An unquoted `: ` inside text
is the commonest cause: it makes a mapping of it.

Fails:

    seed_examples: What is a tide?

Passes:

    seed_examples:
      - question: What is a tide?
        answer: The sea rising and falling.

To fix it: write the value as the message says; quote text that holds `: `.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.reading_faults import findings_of
from seedbed.checking.surroundings import Surroundings
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB113"
SEVERITY = Severity.ERROR
KINDS = frozenset({"wrong_type"})


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """What the reader found of this kind."""
    return findings_of(leaf, KINDS, CODE, SEVERITY)
