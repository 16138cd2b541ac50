"""A leaf's file is called `qna.yaml`.

Other names are not read: the leaf would be merged and never taught.

Fails: `taxonomy/knowledge/tides/qna.yml`, `taxonomy/knowledge/tides/QNA.yaml`, `taxonomy/knowledge/tides.yaml`

Passes: `taxonomy/knowledge/tides/qna.yaml`

To fix it: `git mv` the file to the name that the finding gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import start_of
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB201"
SEVERITY = Severity.ERROR
EXPECTED = "qna.yaml"


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Compare the file's name with the one that is read."""
    name = PurePosixPath(leaf.path).name
    if name != EXPECTED:
        yield Finding(
            CODE,
            SEVERITY,
            leaf.path,
            start_of(leaf),
            f"the file is called `{name}`; only `{EXPECTED}` is read, so this leaf would never be taught",
            value=name,
            help=f"rename it to `{PurePosixPath(leaf.path).with_name(EXPECTED)}`",
        )
