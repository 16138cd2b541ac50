"""A git repository as Seedbed sees it: names, modes and blobs, at a commit or in the working tree.

Files of a commit are read from the object store, by blob id, never by path; files of the working tree are opened
step by step without following a link. Nothing is checked out and no configuration of the repository is run.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pygit2
from pygit2.enums import DeltaStatus, DiffOption, ObjectType

from seedbed.errors import RepositoryError
from seedbed.taxonomy.safe_paths import is_safe_path, printable, read_without_links, too_large

REGULAR = 0o100644
EXECUTABLE = 0o100755
SYMLINK = 0o120000
SUBMODULE = 0o160000
_FOLDER = 0o040000

MAXIMUM_FILES = 500_000
"""A tree may name itself many times over; no honest one has this many files."""
MAXIMUM_DIRECTORY_DEPTH = 64


@dataclass(frozen=True, slots=True)
class TreeFile:
    """One file of a tree.

    `path` is posix, from the repository's root; bytes that are not UTF-8 are surrogate-escaped, and a hostile tree can
    hold any name at all. `size` is in bytes; -1 where the object is missing from the store.
    """

    path: str
    mode: int
    blob: str  # 40 hex digits; for a submodule, the commit it names
    size: int

    @property
    def is_regular(self) -> bool:
        """Whether it is a plain file: neither a link nor a submodule."""
        return self.mode in (REGULAR, EXECUTABLE, 0o100664)


class Repository:
    """An open repository. All methods only read."""

    def __init__(self, git: pygit2.Repository) -> None:
        self._git = git

    @classmethod
    def open(cls, start: Path) -> Repository:
        """The repository that holds `start`; raises RepositoryError when there is none or it cannot be opened."""
        try:
            found = pygit2.discover_repository(str(start))
            if found is None:
                raise RepositoryError(
                    f"{start} is not inside a git repository",
                    hint="run it in a clone of the taxonomy, or make one: git init && git add -A && git commit -m first",
                )
            return cls(pygit2.Repository(found))
        except pygit2.GitError as error:
            owner = "not owned" in str(error)
            hint = (
                f"git config --global --add safe.directory {start.resolve()}"
                if owner
                else "check it with: git status"
            )
            raise RepositoryError(
                f"the git repository at {start} cannot be opened: {error}", hint=hint
            ) from error

    @property
    def root(self) -> Path:
        """The top of the working tree; of a bare repository, its own folder."""
        return Path(self._git.workdir or self._git.path)

    @property
    def is_bare(self) -> bool:
        return self._git.workdir is None

    @property
    def is_shallow(self) -> bool:
        """Whether history was cut off when the repository was cloned."""
        return bool(self._git.is_shallow)

    def resolve(self, revision: str) -> str:
        """The full id of the commit that `revision` names; raises RepositoryError when it names none."""
        try:
            return str(self._git.revparse_single(revision).peel(pygit2.Commit).id)
        except (KeyError, ValueError, pygit2.GitError) as error:
            raise RepositoryError(
                f"there is no commit {revision!r} in {self.root}", hint=self._missing_revision_hint(revision)
            ) from error

    def _missing_revision_hint(self, revision: str) -> str:
        if self._lookup(f"refs/remotes/origin/{revision}") is not None:
            return f"a branch of that name exists on the remote: use origin/{revision}"
        if self._git.is_empty:
            return "the repository has no commits yet: git add -A && git commit -m first"
        return "git fetch origin, and git branch --all lists what there is"

    def head(self) -> str:
        """The id of the commit that is checked out."""
        if self._git.head_is_unborn:
            raise RepositoryError(
                f"{self.root} has no commit yet", hint="make the first one: git add -A && git commit -m first"
            )
        return self.resolve("HEAD")

    def current_branch(self) -> str | None:
        """The name of the branch that is checked out; None when HEAD is detached."""
        if self._git.head_is_detached:
            return None
        target = self._git.lookup_reference("HEAD").target
        return str(target).removeprefix("refs/heads/")

    def default_branch(self, name: str | None = None) -> str | None:
        """The commit at the tip of the default branch, or None when there is none to be found.

        It is `name` if given, else what the remote calls its HEAD, else `main`, else `master`. A remote's branch goes
        before a local one, which may be behind, and a remote called `upstream` before `origin`, which may be a fork.
        Full reference names are used, so that a tag or a file of the same name changes nothing.
        """
        names = [name] if name else ["HEAD", "main", "master"]
        spaces = ("refs/remotes/upstream/", "refs/remotes/origin/", "refs/heads/")
        for reference in (
            space + word for space in spaces for word in names if space + word != "refs/heads/HEAD"
        ):
            commit = self._lookup(reference)
            if commit is not None:
                return commit
        return None

    def _lookup(self, reference: str) -> str | None:
        try:
            return str(self._git.lookup_reference(reference).resolve().peel(pygit2.Commit).id)
        except (KeyError, ValueError, pygit2.GitError):
            return None

    def parents(self, commit: str) -> tuple[str, ...]:
        """The parents of a commit, first one first; a shallow clone shows none at its edge."""
        return tuple(str(parent) for parent in self._commit(commit).parent_ids)

    def merge_base(self, a: str, b: str) -> str | None:
        """The best common ancestor of two commits, or None when there is none (to be seen)."""
        try:
            base = self._git.merge_base(pygit2.Oid(hex=a), pygit2.Oid(hex=b))
        except (KeyError, pygit2.GitError):
            return None  # an ancestor lies beyond the edge of a shallow clone
        return None if base is None else str(base)

    def files(self, commit: str | None, under: str = "") -> tuple[TreeFile, ...]:
        """Every file below the folder `under` (or the file `under` itself), sorted by path.

        With `commit` None these are the files of the working tree: tracked ones, and untracked ones that are not
        ignored. Links are files of their own and never followed. A folder that does not exist has no files.
        """
        under = _folder(under)
        found = self._working_files(under) if commit is None else self._committed_files(commit, under)
        return tuple(sorted(found, key=lambda file: file.path))

    def read(self, file: TreeFile, *, commit: str | None, limit: int) -> bytes:
        """The bytes of a file from `files` of the same `commit`; of a link, the path it names.

        Raises RepositoryError when it is larger than `limit` bytes, before reading it, or cannot be read.
        """
        if file.mode == SUBMODULE:
            raise RepositoryError(f"{printable(file.path)} is a submodule, which Seedbed does not read")
        return self._read_from_disk(file.path, limit) if commit is None else self._read_object(file, limit)

    def read_path(self, commit: str | None, path: str, limit: int) -> bytes | None:
        """The bytes of the plain file at `path`; None when there is none (a link or a submodule is none)."""
        if commit is None:
            return self._read_from_disk(path, limit) if self._is_plain_file(path) else None
        files = [file for file in self.files(commit, path) if file.path == path and file.is_regular]
        return self._read_object(files[0], limit) if files else None

    def _is_plain_file(self, path: str) -> bool:
        """Whether `path` is a plain file of the working tree, reached through folders alone."""
        if not is_safe_path(path):
            return False
        above = [self._lstat(str(folder)) for folder in PurePosixPath(path).parents]
        found = self._lstat(path)
        return (
            found is not None
            and stat.S_ISREG(found.st_mode)
            and all(folder is not None and stat.S_ISDIR(folder.st_mode) for folder in above)
        )

    def _commit(self, commit: str) -> pygit2.Commit:
        found = self._git.get(commit)
        if not isinstance(found, pygit2.Commit):
            raise RepositoryError(f"there is no commit {commit} in {self.root}", hint="git fetch origin")
        return found

    def _committed_files(self, commit: str, under: str) -> Iterator[TreeFile]:
        tree: Any = self._commit(commit).tree
        if not under:
            yield from self._below(tree.id, "")
            return
        *folders, last = under.split("/")
        entry: Any = None
        for name in (*folders, last):
            entry = next((child for child in self._entries(tree.id, under) if _name(child) == name), None)
            if entry is None or (entry.filemode != _FOLDER and name is not last):
                return
            tree = entry
        if entry.filemode == _FOLDER:
            yield from self._below(entry.id, under)
        else:
            yield self._tree_file(under, entry)

    def _below(self, top: pygit2.Oid, under: str) -> Iterator[TreeFile]:
        """Depth first, with a bound: a few small trees can name each other into any number of paths."""
        count = 0
        waiting: list[tuple[pygit2.Oid, str, int]] = [(top, under, 0)]
        while waiting:
            tree, folder, depth = waiting.pop()
            for entry in self._entries(tree, folder):
                count += 1
                if count > MAXIMUM_FILES or depth > MAXIMUM_DIRECTORY_DEPTH:
                    raise RepositoryError(
                        f"the tree has more than {MAXIMUM_FILES:,} files or {MAXIMUM_DIRECTORY_DEPTH} levels of folders",
                        hint="name the folder of the taxonomy: [taxonomy] root in seedbed.toml",
                    )
                path = f"{folder}/{_name(entry)}" if folder else _name(entry)
                if entry.filemode == _FOLDER:
                    waiting.append((entry.id, path, depth + 1))
                else:
                    yield self._tree_file(path, entry)

    def _entries(self, tree: pygit2.Oid, folder: str) -> list[Any]:
        found = self._git.get(tree)
        if not isinstance(found, pygit2.Tree):
            raise RepositoryError(
                f"the folder {printable(folder)} is missing from the object store",
                hint="git fsck shows what is broken; git fetch --refetch brings it back",
            )
        return list(found)

    def _tree_file(self, path: str, entry: Any) -> TreeFile:
        size = 0 if entry.filemode == SUBMODULE else self._object_size(entry.id)
        return TreeFile(path, int(entry.filemode), str(entry.id), size)

    def _object_size(self, blob: pygit2.Oid) -> int:
        try:
            return int(self._git.odb.read_header(blob)[1])
        except (KeyError, pygit2.GitError):
            return -1

    def _read_object(self, file: TreeFile, limit: int) -> bytes:
        blob = pygit2.Oid(hex=file.blob)
        size = self._object_size(blob)
        if size > limit:
            raise too_large(file.path, size, limit)
        try:
            kind, data = self._git.odb.read(blob)
        except (KeyError, pygit2.GitError) as error:
            raise RepositoryError(
                f"{printable(file.path)} cannot be read from the object store: {error}",
                hint="git fsck shows what is broken; git fetch --refetch brings it back",
            ) from error
        if kind != ObjectType.BLOB:
            raise RepositoryError(
                f"{printable(file.path)} is not a file but another kind of git object", hint="git fsck"
            )
        return bytes(data)

    def _working_files(self, under: str) -> Iterator[TreeFile]:
        if self.is_bare:
            raise RepositoryError(
                f"{self.root} is a bare repository, without files", hint="name a commit: --head REV"
            )
        wanted = (
            DiffOption.INCLUDE_UNMODIFIED
            | DiffOption.INCLUDE_UNTRACKED
            | DiffOption.RECURSE_UNTRACKED_DIRS
            | DiffOption.INCLUDE_TYPECHANGE
        )
        self._git.index.read(False)
        for delta in self._git.index.diff_to_workdir(wanted, 0, 0).deltas:
            path = (delta.new_file.raw_path or delta.old_file.raw_path).decode("utf-8", "surrogateescape")
            inside = not under or path == under or path.startswith(f"{under}/")
            if inside and delta.status != DeltaStatus.DELETED:
                file = self._working_file(path, delta)
                if file is not None:
                    yield file

    def _working_file(self, path: str, delta: Any) -> TreeFile | None:
        """A file on disk; git's index knows the id of an unmodified one, any other is hashed as git would."""
        found = self._lstat(path)
        if found is None:
            return None
        if stat.S_ISDIR(found.st_mode):  # a submodule, or an untracked repository inside this one
            blob = str(delta.old_file.id)
            return TreeFile(path.rstrip("/"), SUBMODULE, blob, 0)
        if stat.S_ISLNK(found.st_mode):
            target = os.fsencode((self.root / path).readlink())
            return TreeFile(path, SYMLINK, str(pygit2.hash(target)), len(target))
        if not stat.S_ISREG(found.st_mode):
            return None  # a pipe or a socket: git does not see it either
        mode = EXECUTABLE if delta.new_file.mode == EXECUTABLE else REGULAR
        if delta.status == DeltaStatus.UNMODIFIED:
            return TreeFile(path, mode, str(delta.old_file.id), found.st_size)
        return TreeFile(path, mode, self._hash(path), found.st_size)

    def _hash(self, path: str) -> str:
        try:
            return str(self._git.hashfile(path))
        except (OSError, ValueError, pygit2.GitError) as error:
            raise RepositoryError(
                f"{printable(path)} cannot be read: {error}", hint="check its permissions"
            ) from error

    def _lstat(self, path: str) -> os.stat_result | None:
        try:
            return (self.root / path).lstat()
        except (OSError, ValueError):
            return None

    def _read_from_disk(self, path: str, limit: int) -> bytes:
        if not is_safe_path(path):
            raise RepositoryError(
                f"the path {printable(path)} is not opened: it can lead outside the repository"
            )
        try:
            return read_without_links(self.root, path, limit)
        except OSError as error:
            raise RepositoryError(
                f"{printable(path)} cannot be read: {error.strerror or error}",
                hint="check that it is a file you may read",
            ) from error


def _name(entry: Any) -> str:
    return bytes(entry.raw_name).decode("utf-8", "surrogateescape")


def _folder(under: str) -> str:
    return "/".join(part for part in under.split("/") if part not in ("", "."))
