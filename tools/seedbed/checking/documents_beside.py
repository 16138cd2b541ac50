"""The documents of a knowledge leaf that lie in the same repository, in and below the leaf's folder."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from seedbed.checking.tree import ATTRIBUTION, Tree
from seedbed.taxonomy.repository import TreeFile


def documents_beside(leaf_path: str, tree: Tree) -> list[TreeFile]:
    """Regular files in and below the leaf's folder that are not a leaf or its attribution."""
    return [
        file
        for file in tree.around(leaf_path)
        if file.is_regular and not tree.is_leaf(file) and PurePosixPath(file.path).name != ATTRIBUTION
    ]


def matching(patterns: Iterable[str], folder: PurePosixPath, files: Iterable[TreeFile]) -> Iterator[TreeFile]:
    """The files whose path from `folder` matches one of `patterns`, as a shell would match it."""
    wanted = tuple(patterns)
    for file in files:
        name = str(PurePosixPath(file.path).relative_to(folder))
        if any(fnmatch.fnmatchcase(name, pattern.removeprefix("./")) for pattern in wanted):
            yield file
