"""The folders of a taxonomy with what lies below each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from seedbed.site.leaf_facts import LeafSummary, Standing
from seedbed.taxonomy.leaf import BRANCHES


@dataclass(frozen=True, slots=True)
class SiteFolder:
    """A folder: its own leaves, and the folders in it, each by name. The whole taxonomy has the empty name."""

    name: str
    folders: tuple[SiteFolder, ...]
    leaves: tuple[LeafSummary, ...]
    count: int  # leaves in it, at any depth
    questions: int
    samples: int
    standings: Counter[Standing]

    def walk(self) -> Iterator[SiteFolder]:
        """This folder and all below it."""
        yield self
        for folder in self.folders:
            yield from folder.walk()

    def all_leaves(self) -> Iterator[LeafSummary]:
        """Every leaf in it, at any depth."""
        for folder in self.walk():
            yield from folder.leaves


def folder_tree(leaves: Sequence[LeafSummary]) -> SiteFolder:
    """The whole taxonomy, its branches in their own order."""
    return _folder("", 0, sorted(leaves, key=_place))


def _place(leaf: LeafSummary) -> tuple[int, list[str]]:
    parts = leaf.name.split("/")
    return BRANCHES.index(parts[0]) if parts[0] in BRANCHES else len(BRANCHES), parts


def _folder(name: str, depth: int, leaves: Sequence[LeafSummary]) -> SiteFolder:
    """`leaves` are all below the folder, so sorted that those of one folder stand together."""
    own: list[LeafSummary] = []
    below: dict[str, list[LeafSummary]] = {}
    for leaf in leaves:
        parts = leaf.name.split("/")
        if len(parts) == depth + 1:
            own.append(leaf)
        else:
            below.setdefault("/".join(parts[: depth + 1]), []).append(leaf)
    folders = tuple(_folder(name, depth + 1, found) for name, found in below.items())
    return SiteFolder(
        name,
        folders,
        tuple(own),
        len(leaves),
        sum(leaf.questions for leaf in leaves),
        sum(leaf.samples for leaf in leaves),
        Counter(leaf.standing for leaf in leaves),
    )
