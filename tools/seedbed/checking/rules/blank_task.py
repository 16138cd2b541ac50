"""A leaf says what its task is.

Teachers are told the task before they see the seeds; without it they must guess what the seeds have in common. Leaves
of version 1 were accepted with an empty description, so this does not fail a check.

Warns:

    task_description: " "

Passes:

    task_description: Turn a list of names into a seating plan.

To fix it: say in a sentence or two what the model should learn to do.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.taxonomy.leaf import LeafFile, YamlPath

CODE = "SB310"
SEVERITY = Severity.WARNING
_KEYS = ("task_description", "document_outline", "domain")


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Look at the texts that describe the leaf; what the reader already said of a place is not said again."""
    told = {fault.yaml_path for fault in leaf.faults}
    for key in _KEYS:
        path: YamlPath = (key,)
        text = leaf.data.get(key) if leaf.data is not None else None
        if isinstance(text, str) and not text.strip() and path not in told:
            message = f"`{key}` is empty; teachers are told it before they see the seeds"
            help = "say in a sentence or two what the model should learn"
            yield Finding(CODE, SEVERITY, leaf.path, leaf.key_span(path), message, path, "", help)
