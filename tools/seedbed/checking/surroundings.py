"""What a rule may look at besides the leaf itself."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from seedbed.checking.other_leaves import NEAREST_LEAVES
from seedbed.checking.tree import Tree
from seedbed.config import CheckSettings
from seedbed.taxonomy.repository import TreeFile

SMALLEST_WINDOW = 4096
"""Tokens that fit any teacher of the LAB paper's time; taken when `[teacher] max_model_len` says nothing."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The leaf's entry in the tree, the taxonomy around it, the repository's policy, and the occasion of the check."""

    file: TreeFile
    tree: Tree
    settings: CheckSettings = field(default_factory=CheckSettings)
    window: int = SMALLEST_WINDOW  # tokens that the teacher can read and write at once
    checked: Collection[str] = ()  # paths of the leaves that are checked together
    newcomer: bool = False  # whether the change adds this leaf
    author: str | None = None  # login of who proposes the change, where the forge says
    benchmark_texts: tuple[tuple[str, str], ...] = ()  # (path, text) of the lists of benchmark questions

    @property
    def whole(self) -> bool:
        """Whether so much is checked that each leaf is compared with all others."""
        return len(self.checked) > NEAREST_LEAVES

    def tells_of(self, other: str) -> bool:
        """Whether a fault that the leaf shares with the one at `other` is told here.

        One fault is one finding: of two leaves that are checked together, the later one tells.
        """
        return other not in self.checked or other < self.file.path
