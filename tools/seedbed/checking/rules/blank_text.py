"""Questions, answers and contexts say something.

A text of spaces alone passes the schema and teaches the model to say nothing.

Fails:

    answer: " "

Passes:

    answer: I don't know.

To fix it: write the text. For a case in which there is no answer, write what the model should say then.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import all_texts
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB302"
SEVERITY = Severity.ERROR


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Look at the texts of seeds; what the reader already said of a place is not said again."""
    told = {fault.yaml_path for fault in leaf.faults}
    for path, text in all_texts(leaf):
        if not text.strip() and path[:1] == ("seed_examples",) and path not in told:
            message = f"the `{path[-1]}` here is blank" if isinstance(path[-1], str) else "this item is blank"
            help = "write the text; where there is no answer, write what the model should say then"
            yield Finding(CODE, SEVERITY, leaf.path, leaf.key_span(path), message, path, "", help)
