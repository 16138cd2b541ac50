"""What a rule may look at besides the leaf itself."""

from __future__ import annotations

from dataclasses import dataclass

from seedbed.checking.tree import Tree
from seedbed.taxonomy.repository import TreeFile


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The leaf's entry in the tree, the taxonomy around it, and the repository's policy."""

    file: TreeFile
    tree: Tree
    licences: tuple[str, ...]  # SPDX identifiers that this repository accepts
