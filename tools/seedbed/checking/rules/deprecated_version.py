"""A leaf that is written today uses version 3 of the format.

Versions 1 and 2 still work. Version 3 asks for five seeds and, for knowledge, for contexts with three questions each,
which is what LAB generation needs; editors complete and check it through its schema.

Warns:

    version: 2

Passes:

    version: 3

To fix it: write `version: 3` and follow what the other findings then ask.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.taxonomy.leaf import LeafFile, YamlPath

CODE = "SB119"
SEVERITY = Severity.WARNING
CURRENT = 3


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Compare the version of a leaf that could be read with the current one."""
    if leaf.leaf is None or leaf.leaf.version == CURRENT or leaf.data is None:
        return
    if "version" in leaf.data:
        path: YamlPath = ("version",)
        span = leaf.span(path)
        message = f"version {leaf.leaf.version} is superseded; new leaves use version {CURRENT}"
    else:
        path = ()
        span = leaf.key_span((next(iter(leaf.data)),))
        message = f"the leaf names no version and so counts as version 1; new leaves use version {CURRENT}"
    yield Finding(
        CODE,
        SEVERITY,
        leaf.path,
        span,
        message,
        yaml_path=path,
        value=str(leaf.leaf.version),
        help=f"write `version: {CURRENT}` and follow what `seedbed check` then asks; the leaf works until then",
    )
