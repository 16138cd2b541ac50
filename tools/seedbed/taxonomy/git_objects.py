"""Commits, trees and blobs of a git object store: read by id, never by path, and within bounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pygit2
from pygit2.enums import ObjectType

from seedbed.errors import RepositoryError
from seedbed.taxonomy.safe_paths import printable, too_large
from seedbed.taxonomy.tree_file import DOUBLED, FOLDER, SUBMODULE, Difference, Folder, TreeFile

MAXIMUM_FILES = 500_000
"""A tree may name itself many times over; no honest one has this many files."""
MAXIMUM_REPEATED = 100_000
"""Entries of folders whose very content was met before; a tree that names itself has hardly any others."""
MAXIMUM_DIRECTORY_DEPTH = 64

_Entry = tuple[int, pygit2.Oid]
_BROKEN = "git fsck shows what is broken; git fetch --refetch brings it back"


class GitObjects:
    """The object store of one repository; `root` is how messages name it."""

    def __init__(self, git: pygit2.Repository, root: Path) -> None:
        self._git = git
        self._root = root
        # The folders above are asked for again and again, and many leaves share an attribution.
        self._children = lru_cache(maxsize=512)(self._read_children)
        self._size = lru_cache(maxsize=4_096)(self._read_size)

    def commit(self, commit: str) -> pygit2.Commit:
        """The commit with this full id; raises RepositoryError when there is none."""
        found = self._git.get(commit)
        if not isinstance(found, pygit2.Commit):
            raise RepositoryError(f"there is no commit {commit} in {self._root}", hint="git fetch origin")
        return found

    def files(self, commit: str, under: str) -> Iterator[TreeFile]:
        """Every file below the folder `under`, or the file `under` itself, in no particular order."""
        entry = self._entry(commit, under)
        if entry is None:
            return
        if entry[0] != FOLDER:
            yield self._tree_file(under, *entry)
            return
        for path, (mode, oid) in self._below(entry[1], under, _Bound()):
            yield self._tree_file(path, mode, oid)

    def folder(self, commit: str, path: str) -> Folder:
        """What lies directly in a folder; nothing where there is no such folder."""
        entry = self._entry(commit, path)
        if entry is None or entry[0] != FOLDER:
            return Folder(MappingProxyType({}), ())
        children = self._children(entry[1], path)
        files = {
            inside: self._tree_file(inside, mode, oid)
            for inside, (mode, oid) in children.items()
            if mode != FOLDER
        }
        folders = tuple(inside for inside, (mode, _) in children.items() if mode == FOLDER)
        return Folder(MappingProxyType(files), folders)

    def differing(self, base: str, head: str, under: str) -> Iterator[Difference]:
        """The files below `under` that are not the same in two commits; equal folders are not even opened."""
        old, new = self._entry(base, under), self._entry(head, under)
        bound = _Bound()
        waiting: list[tuple[str, _Entry | None, _Entry | None, int]] = [(under, old, new, 0)]
        while waiting:
            path, before, after, depth = waiting.pop()
            if before == after:
                continue
            again = bound.seen_again((before, after))
            bound.take(depth, again=again)
            left, right = self._as_folder(before, path), self._as_folder(after, path)
            waiting += [
                (inside, left.get(inside), right.get(inside), depth + 1)
                for inside in left.keys() | right.keys()
            ]
            pair = self._as_file(before, path), self._as_file(after, path)
            if pair != (None, None):
                yield pair

    def read(self, file: TreeFile, limit: int) -> bytes:
        """The bytes of a blob; raises RepositoryError when it is larger than `limit`, before inflating it."""
        blob = pygit2.Oid(hex=file.blob)
        size = self._size(blob)
        if size > limit:
            raise too_large(file.path, size, limit)
        try:
            kind, data = self._git.odb.read(blob)
        except (KeyError, pygit2.GitError) as error:
            raise RepositoryError(
                f"{printable(file.path)} cannot be read from the object store: {error}", hint=_BROKEN
            ) from error
        if kind != ObjectType.BLOB:
            raise RepositoryError(
                f"{printable(file.path)} is not a file but another kind of git object", hint="git fsck"
            )
        return bytes(data)

    def _entry(self, commit: str, path: str) -> _Entry | None:
        """What stands at `path`; the commit's own tree for the empty path."""
        entry: _Entry | None = (FOLDER, self.commit(commit).tree_id)
        at = ""
        for name in path.split("/") if path else ():
            if entry is None or entry[0] != FOLDER:
                return None
            children, at = self._children(entry[1], at), f"{at}/{name}" if at else name
            entry = children.get(at)
        return entry

    def _read_children(self, tree: pygit2.Oid, folder: str) -> dict[str, _Entry]:
        """The entries of one tree with their full paths; of two of one name, as no git writes them, one as doubled."""
        try:
            found: Any = self._git.get(tree)
        except (ValueError, pygit2.GitError):
            found = None
        if not isinstance(found, pygit2.Tree):
            raise RepositoryError(
                f"the folder {printable(folder)} is missing from the object store", hint=_BROKEN
            )
        start = f"{folder}/" if folder else ""
        entries = [
            (
                start + bytes(entry.raw_name or b"").decode("utf-8", "surrogateescape"),
                (int(entry.filemode), entry.id),
            )
            for entry in found
        ]
        children = dict(entries)
        if len(children) != len(entries):
            for path, count in Counter(path for path, _ in entries).items():
                if count > 1:
                    children[path] = DOUBLED, children[path][1]
        return children

    def _below(self, top: pygit2.Oid, under: str, bound: _Bound) -> Iterator[tuple[str, _Entry]]:
        waiting: list[tuple[pygit2.Oid, str, int]] = [(top, under, 0)]
        while waiting:
            tree, folder, depth = waiting.pop()
            again = bound.seen_again(tree)
            for path, (mode, oid) in self._read_children(tree, folder).items():
                bound.take(depth, again=again)
                if mode == FOLDER:
                    waiting.append((oid, path, depth + 1))
                else:
                    yield path, (mode, oid)

    def _as_folder(self, entry: _Entry | None, path: str) -> dict[str, _Entry]:
        return self._children(entry[1], path) if entry is not None and entry[0] == FOLDER else {}

    def _as_file(self, entry: _Entry | None, path: str) -> TreeFile | None:
        return None if entry is None or entry[0] == FOLDER else self._tree_file(path, *entry)

    def _tree_file(self, path: str, mode: int, oid: pygit2.Oid) -> TreeFile:
        return TreeFile(path, mode, str(oid), 0 if mode == SUBMODULE else self._size(oid))

    def _read_size(self, blob: pygit2.Oid) -> int:
        try:
            return int(self._git.odb.read_header(blob)[1])
        except (KeyError, pygit2.GitError):
            return -1


class _Bound:
    """Counts what a walk has met: a few small trees can name each other into any number of paths."""

    def __init__(self) -> None:
        self._count = self._repeated = 0
        self._seen: set[object] = set()

    def seen_again(self, folder: object) -> bool:
        """Whether a folder of the same content was met before, under another path."""
        known = folder in self._seen
        self._seen.add(folder)
        return known

    def take(self, depth: int, *, again: bool) -> None:
        """Count one entry; `again` where it lies in a folder that was met before."""
        self._count += 1
        self._repeated += again
        if self._count > MAXIMUM_FILES or depth > MAXIMUM_DIRECTORY_DEPTH:
            raise RepositoryError(
                f"the tree has more than {MAXIMUM_FILES:,} files or {MAXIMUM_DIRECTORY_DEPTH} levels of folders",
                hint="name the folder of the taxonomy: [taxonomy] root in seedbed.toml",
            )
        if self._repeated > MAXIMUM_REPEATED:
            raise RepositoryError(
                f"the tree repeats the same folders more than {MAXIMUM_REPEATED:,} times",
                hint="git ls-tree -r shows where; name the folder of the taxonomy: [taxonomy] root in seedbed.toml",
            )
