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
from seedbed.checking.rules.path_style import better_folder
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import start_of
from seedbed.taxonomy.leaf import LeafFile
from seedbed.taxonomy.leaf_files import FILE_NAME, is_qna

CODE = "SB201"
SEVERITY = Severity.ERROR


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Compare the file's name with the one that is read."""
    name = leaf.path.rpartition("/")[2]
    if name != FILE_NAME:
        yield Finding(
            CODE,
            SEVERITY,
            leaf.path,
            start_of(leaf),
            f"the file is called `{name}`; only `{FILE_NAME}` is read, so this leaf would never be taught",
            value=name,
            help=f"rename it to `{_better(leaf, around)}`",
        )


def _better(leaf: LeafFile, around: Surroundings) -> PurePosixPath:
    """The path that is meant, its folders mended too: in a folder of its own where the present one is a branch or
    holds other leaves."""
    path = PurePosixPath(leaf.path)
    beside = [
        file.path
        for file in around.tree.around(leaf.path)
        if PurePosixPath(file.path).parent == path.parent and around.tree.is_leaf(file)
    ]
    topics = leaf.name.split("/")[1:]
    above = path.parents[len(topics)]
    if not is_qna(leaf.path) and (not topics or len(beside) > 1):
        topics.append(path.stem)
    return above.joinpath(*map(better_folder, topics), FILE_NAME)
