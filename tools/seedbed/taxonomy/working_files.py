"""The files of a working tree: tracked ones, and untracked ones that git does not ignore. No link is followed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pygit2
from pygit2.enums import DeltaStatus, DiffOption

from seedbed.errors import RepositoryError
from seedbed.taxonomy.safe_paths import is_safe_path, printable, read_without_links
from seedbed.taxonomy.tree_file import EXECUTABLE, REGULAR, SUBMODULE, SYMLINK, TreeFile


class WorkingFiles:
    """The working tree of one repository, at `root`."""

    def __init__(self, git: pygit2.Repository, root: Path) -> None:
        self._git = git
        self._root = root
        self._text = os.fspath(root)

    def files(self, under: str) -> Iterator[TreeFile]:
        """Every file below the folder `under`, or the file `under` itself; a bare repository has none to show."""
        if self._git.workdir is None:
            raise RepositoryError(
                f"{self._root} is a bare repository, without files", hint="name a commit: --head REV"
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
                file = self._file(path, delta)
                if file is not None:
                    yield file

    def is_plain_file(self, path: str) -> bool:
        """Whether `path` is a plain file, reached through folders alone."""
        if not is_safe_path(path):
            return False
        above = [self._lstat(str(folder)) for folder in PurePosixPath(path).parents]
        found = self._lstat(path)
        return (
            found is not None
            and stat.S_ISREG(found.st_mode)
            and all(folder is not None and stat.S_ISDIR(folder.st_mode) for folder in above)
        )

    def read(self, path: str, limit: int) -> bytes:
        """The bytes of a file, or the target of a link; raises RepositoryError above `limit` bytes."""
        if not is_safe_path(path):
            raise RepositoryError(
                f"the path {printable(path)} is not opened: it can lead outside the repository"
            )
        try:
            return read_without_links(self._root, path, limit)
        except OSError as error:
            raise RepositoryError(
                f"{printable(path)} cannot be read: {error.strerror or error}",
                hint="check that it is a file you may read",
            ) from error

    def _file(self, path: str, delta: Any) -> TreeFile | None:
        """A file on disk; git's index knows the id of an unmodified one, any other is hashed as git would."""
        found = self._lstat(path)
        if found is None:
            return None
        if stat.S_ISDIR(found.st_mode):  # a submodule, or an untracked repository inside this one
            blob = str(delta.old_file.id)
            return TreeFile(path.rstrip("/"), SUBMODULE, blob, 0)
        if stat.S_ISLNK(found.st_mode):
            target = os.fsencode((self._root / path).readlink())
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
            return os.lstat(
                f"{self._text}/{path}"
            )  # a Path for each of many thousand files takes longer than this
        except (OSError, ValueError):
            return None
