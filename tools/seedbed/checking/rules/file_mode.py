"""A leaf is a regular file: no symbolic link and no submodule.

A link can point at files outside the repository; a submodule's content is not in this repository at all. Neither is
followed, so there would be nothing to read.

Fails: `qna.yaml` as a link to `../other/qna.yaml`

Passes: `qna.yaml` as a file of its own

To fix it: replace the link by a copy, or the submodule by the files.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import start_of
from seedbed.taxonomy.leaf import LeafFile
from seedbed.taxonomy.repository import REFUSED

CODE = "SB204"
SEVERITY = Severity.ERROR


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Look at the file's mode, and at those of the files around it."""
    for file in dict.fromkeys((around.file, *around.tree.around(leaf.path))):
        what = REFUSED.get(file.mode)
        if what is None:
            continue
        own = file.path == leaf.path
        yield Finding(
            CODE,
            SEVERITY,
            leaf.path,
            start_of(leaf),
            f"{'this file' if own else f'`{file.path}` in this folder'} is {what}",
            value=f"{file.path} {file.mode:o}",
            help="replace it by a regular file with the content that is meant",
        )
