"""What a branch changes: the leaves that were added, edited, renamed or removed since its base."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from seedbed.taxonomy.base import Base, find_base
from seedbed.taxonomy.leaf_files import FILE_NAME, LeafFiles, is_qna, leaf_name, parent
from seedbed.taxonomy.renames import renames
from seedbed.taxonomy.repository import Difference, Repository, TreeFile

__all__ = [
    "FILE_NAME",
    "Base",
    "ChangeKind",
    "LeafChange",
    "all_leaves",
    "changed_leaves",
    "find_base",
    "leaf_name",
]


class ChangeKind(StrEnum):
    """What became of a leaf between base and head."""

    ADDED = "added"
    EDITED = "edited"
    RENAMED = "renamed"
    REMOVED = "removed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class LeafChange:
    """One changed leaf. `path` is that of its file, of a removed leaf the path it had; `blob` is None once removed.
    `old_path` and `old_blob` are None for an added leaf. Equal blobs of an edited leaf mean that its attribution or a
    document changed."""

    name: str
    kind: ChangeKind
    path: str
    blob: str | None
    old_path: str | None
    old_blob: str | None


def all_leaves(repository: Repository, *, revision: str | None, taxonomy_root: str) -> tuple[TreeFile, ...]:
    """The files that are leaves, or were meant to be, at a commit or (None) in the working tree; sorted by path.
    `LeafFiles` says which those are."""
    return LeafFiles(repository, revision, taxonomy_root).all()


def changed_leaves(
    repository: Repository, *, base: str, head: str | None, taxonomy_root: str
) -> tuple[LeafChange, ...]:
    """The leaves that differ between `base` and `head` (None: the working tree), sorted by path.

    A leaf is edited when its file, its attribution or any other file of its folder changed. A removed and an added
    one that have the same bytes, or half of their lines in common, are one leaf that was renamed. Of two commits only
    the folders that differ are opened.
    """
    old, new = LeafFiles(repository, base, taxonomy_root), LeafFiles(repository, head, taxonomy_root)
    differences = repository.differing(base, head, new.root)
    before = {file.path: file for file, _ in differences if file is not None and old.is_leaf(file)}
    after = {file.path: file for _, file in differences if file is not None and new.is_leaf(file)}
    touched = {file.path for pair in differences for file in pair if file is not None}
    owners = {owner for path in touched if (owner := new.owner(path)) is not None}
    untouched = _affected(differences, old, new)
    untouched |= {file.path for folder in owners for file in new.directly_in(folder)}
    for path in untouched - touched:
        before |= _leaf_at(old, path)
        after |= _leaf_at(new, path)
    removed = [before[path] for path in sorted(before.keys() - after.keys())]
    added = [after[path] for path in sorted(after.keys() - before.keys())]
    pairs = renames(repository, removed, added, base=base, head=head)
    moved_from = {new_file.path: old_file for old_file, new_file in pairs}
    gone = {old_file.path for old_file, _ in pairs}
    changes = [_change(file, None, taxonomy_root) for file in removed if file.path not in gone]
    changes += [_change(moved_from.get(file.path), file, taxonomy_root) for file in added]
    changes += [
        _change(before[path], after[path], taxonomy_root)
        for path in before.keys() & after.keys()
        if path in touched or parent(path) in owners
    ]
    return tuple(sorted(changes, key=lambda change: (change.path, change.kind)))


def _leaf_at(tree: LeafFiles, path: str) -> dict[str, TreeFile]:
    file = tree.at(path)
    return {} if file is None else {path: file}


def _affected(differences: Iterable[Difference], old: LeafFiles, new: LeafFiles) -> set[str]:
    """Files that are a leaf or not depending on a `qna.yaml` above them which came or went."""
    came_or_went = {
        file.path
        for pair in differences
        if None in pair
        for file in pair
        if file is not None and is_qna(file.path)
    }
    found: set[str] = set()
    for path in came_or_went:
        for tree in (old, new):
            below = tree.below(parent(path))
            found.update(file.path for file in below if parent(path) in tree.owners(file.path))
    return found


def _change(before: TreeFile | None, after: TreeFile | None, taxonomy_root: str) -> LeafChange:
    last = after or before
    assert last is not None
    if before is None:
        kind = ChangeKind.ADDED
    elif after is None:
        kind = ChangeKind.REMOVED
    else:
        kind = ChangeKind.EDITED if before.path == after.path else ChangeKind.RENAMED
    return LeafChange(
        leaf_name(last.path, taxonomy_root),
        kind,
        last.path,
        after.blob if after else None,
        before.path if before else None,
        before.blob if before else None,
    )
