"""What a branch changes: the leaves that were added, edited, renamed or removed since its base."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from seedbed.taxonomy.base import Base, find_base
from seedbed.taxonomy.leaf import BRANCHES
from seedbed.taxonomy.repository import Repository, TreeFile

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

FILE_NAME = "qna.yaml"

_READ_LIMIT = 256 * 1024
_RENAME_SIMILARITY = 0.5
"""Share of equal lines from which a removed and an added leaf are one leaf that moved; git's own default."""
_MOST_RENAME_PAIRS = 2_500


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


def leaf_name(path: str, taxonomy_root: str) -> str:
    """The name of the leaf whose file is `path`: its folder, from the branch down; `.` for a file in the root itself."""
    root = _root(taxonomy_root)
    inside = path.removeprefix(f"{root}/") if root else path
    return str(PurePosixPath(inside).parent)


def all_leaves(repository: Repository, *, revision: str | None, taxonomy_root: str) -> tuple[TreeFile, ...]:
    """The files that are leaves, or were meant to be, at a commit or (None) in the working tree; sorted by path.

    Under a branch: `qna.yaml` in any spelling, and any other YAML file whose folder (and those above it) has none.
    Elsewhere below the root: `qna.yaml` in any spelling, and YAML files with a `seed_examples:` line. What is misnamed
    or misplaced is thus seen, and a rule can say so.
    """
    return _Tree(repository, revision, taxonomy_root).leaves


def changed_leaves(
    repository: Repository, *, base: str, head: str | None, taxonomy_root: str
) -> tuple[LeafChange, ...]:
    """The leaves that differ between `base` and `head` (None: the working tree), sorted by path.

    A leaf is edited when its file, its attribution or any other file of its folder changed. A removed and an added
    one that have the same bytes, or half of their lines in common, are one leaf that was renamed.
    """
    old, new = _Tree(repository, base, taxonomy_root), _Tree(repository, head, taxonomy_root)
    old_leaves = {file.path: file for file in old.leaves}
    new_leaves = {file.path: file for file in new.leaves}
    touched = _touched(old.files, new.files)
    removed = [file for path, file in old_leaves.items() if path not in new_leaves]
    added = [file for path, file in new_leaves.items() if path not in old_leaves]
    pairs = _renames(repository, removed, added, base=base, head=head)
    renamed_from = {after.path: before for before, after in pairs}
    gone = {before.path for before, _ in pairs}
    changes = [_change(file, None, taxonomy_root) for file in removed if file.path not in gone]
    changes += [_change(renamed_from.get(file.path), file, taxonomy_root) for file in added]
    folders = {str(PurePosixPath(path).parent) for path in new_leaves}
    owners = {_owner(path, folders) for path in touched}
    changes += [
        _change(old_leaves[path], file, taxonomy_root)
        for path, file in new_leaves.items()
        if path in old_leaves and (path in touched or str(PurePosixPath(path).parent) in owners)
    ]
    return tuple(sorted(changes, key=lambda change: (change.path, change.kind)))


class _Tree:
    """The files below the taxonomy's root at one commit, and which of them are leaves."""

    def __init__(self, repository: Repository, revision: str | None, taxonomy_root: str) -> None:
        root = _root(taxonomy_root)
        self.files = {file.path: file for file in repository.files(revision, root)}
        start = len(root) + 1 if root else 0
        named = {str(PurePosixPath(path).parent) for path in self.files if _is_qna(path)}
        self.leaves = tuple(
            file
            for path, file in self.files.items()
            if _is_leaf(repository, file, path[start:], named, revision)
        )


def _is_leaf(
    repository: Repository, file: TreeFile, inside: str, named: set[str], revision: str | None
) -> bool:
    """Whether the file at `inside` (from the taxonomy's root) is a leaf or was meant as one."""
    if not file.path.lower().endswith((".yaml", ".yml")):
        return False
    parts = inside.split("/")
    if any(part.startswith(".") for part in parts) and parts[0] not in BRANCHES:
        return False
    if _is_qna(file.path):
        return True
    if any(str(folder) in named for folder in PurePosixPath(file.path).parents):
        return False  # a file beside a leaf or below it
    return parts[0] in BRANCHES or (file.is_regular and _speaks_of_seeds(repository, file, revision))


def _is_qna(path: str) -> bool:
    return path.rsplit("/", 1)[-1].lower() in ("qna.yaml", "qna.yml")


def _speaks_of_seeds(repository: Repository, file: TreeFile, revision: str | None) -> bool:
    if not 0 <= file.size <= _READ_LIMIT:
        return False
    raw = repository.read(file, commit=revision, limit=_READ_LIMIT)
    return re.search(rb"^seed_examples[ \t]*:", raw, re.MULTILINE) is not None


def _touched(old: Mapping[str, TreeFile], new: Mapping[str, TreeFile]) -> set[str]:
    """Paths that are in one of the two only, or differ in bytes or mode."""
    return {
        path
        for path in old.keys() | new.keys()
        if path not in old
        or path not in new
        or (old[path].blob, old[path].mode) != (new[path].blob, new[path].mode)
    }


def _owner(path: str, folders: set[str]) -> str | None:
    """The folder of the leaf that a file belongs to: the nearest one above it."""
    return next((str(folder) for folder in PurePosixPath(path).parents if str(folder) in folders), None)


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


def _renames(
    repository: Repository, removed: list[TreeFile], added: list[TreeFile], *, base: str, head: str | None
) -> list[tuple[TreeFile, TreeFile]]:
    """Pairs of a removed and an added leaf that are one: same bytes first, then the most similar lines."""
    pairs: list[tuple[TreeFile, TreeFile]] = []
    left = list(added)
    for before in removed:
        same = next((after for after in left if after.blob == before.blob), None)
        if same is not None:
            pairs.append((before, same))
            left.remove(same)
    paired = {before.path for before, _ in pairs}
    waiting = [file for file in removed if file.path not in paired]
    if not waiting or len(waiting) * len(left) > _MOST_RENAME_PAIRS:
        return pairs
    before_lines = {file.path: _lines(repository, file, base) for file in waiting}
    after_lines = {file.path: _lines(repository, file, head) for file in left}
    ranked = sorted(
        (
            (
                -_similarity(before_lines[before.path], after_lines[after.path]),
                before.path,
                after.path,
                before,
                after,
            )
            for before in waiting
            for after in left
        ),
        key=lambda candidate: candidate[:3],
    )
    taken: set[str] = set()
    for distance, old_path, new_path, before, after in ranked:
        if -distance >= _RENAME_SIMILARITY and not {f"-{old_path}", f"+{new_path}"} & taken:
            taken |= {f"-{old_path}", f"+{new_path}"}
            pairs.append((before, after))
    return pairs


def _lines(repository: Repository, file: TreeFile, commit: str | None) -> list[bytes]:
    if not file.is_regular or not 0 < file.size <= _READ_LIMIT:
        return []
    return repository.read(file, commit=commit, limit=_READ_LIMIT).splitlines()


def _similarity(before: Iterable[bytes], after: Iterable[bytes]) -> float:
    """Lines in common, as a share of all lines, 0…1."""
    first, second = list(before), list(after)
    if not first or not second:
        return 0.0
    return difflib.SequenceMatcher(None, first, second, autojunk=False).ratio()


def _root(taxonomy_root: str) -> str:
    return "/".join(part for part in taxonomy_root.split("/") if part not in ("", "."))
