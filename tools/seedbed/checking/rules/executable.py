"""A leaf's file is not executable.

Data that is marked as a program is a mistake, mostly made by copying from a Windows or network drive.

Warns: `qna.yaml` with mode 100755

Passes: `qna.yaml` with mode 100644

To fix it: `git update-index --chmod=-x PATH`, or `chmod -x PATH` and commit.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import start_of
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB205"
SEVERITY = Severity.WARNING


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Look at the execute bit of the file's mode."""
    if around.file.mode == 0o100755:
        yield Finding(
            CODE,
            SEVERITY,
            leaf.path,
            start_of(leaf),
            "the file is marked as executable; a leaf is data",
            value="100755",
            help=f"git update-index --chmod=-x {leaf.path}",
        )
