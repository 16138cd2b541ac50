"""A leaf that is written today uses version 3 of the format.

Versions 1 and 2 still work. Version 3 asks for five seeds and, for knowledge, for contexts with three questions each,
which is what LAB generation needs; editors complete and check it through its schema.

Warns:

    version: 2

Passes:

    version: 3

To fix it: `seedbed fix --upgrade` writes `version: 3` where the leaf has all that version 3 asks for, and says what is
missing where it has not. A knowledge leaf lacks passages: with `--unsafe` too it becomes a draft with a `TODO` for each.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.taxonomy.leaf import Leaf, LeafFile, YamlPath
from seedbed.taxonomy.new_leaf import SEEDS

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
        help=f"{_way(leaf.leaf)}; the leaf works as it is until then",
    )


def _way(leaf: Leaf) -> str:
    if leaf.document is not None:
        return f"`seedbed fix --upgrade --unsafe` writes it as version {CURRENT} with a TODO for each passage it lacks"
    if len(leaf.seed_examples) >= SEEDS:
        return "run `seedbed fix --upgrade`"
    more = SEEDS - len(leaf.seed_examples)
    return f"add {more} more seed{'s' if more > 1 else ''}, then run `seedbed fix --upgrade`"
