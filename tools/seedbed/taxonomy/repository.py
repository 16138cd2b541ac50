"""A git repository as Seedbed sees it: names, modes and blobs, at a commit or in the working tree.

Files of a commit are read from the object store, by blob id, never by path; files of the working tree are opened
step by step without following a link. Nothing is checked out and no configuration of the repository is run.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pygit2

from seedbed.errors import RepositoryError
from seedbed.taxonomy.git_objects import MAXIMUM_DIRECTORY_DEPTH, MAXIMUM_FILES, GitObjects
from seedbed.taxonomy.safe_paths import printable
from seedbed.taxonomy.tree_file import (
    DOUBLED,
    EXECUTABLE,
    REFUSED,
    REGULAR,
    SUBMODULE,
    SYMLINK,
    Difference,
    Folder,
    TreeFile,
)
from seedbed.taxonomy.working_files import WorkingFiles

__all__ = [
    "EXECUTABLE",
    "MAXIMUM_DIRECTORY_DEPTH",
    "MAXIMUM_FILES",
    "REFUSED",
    "REGULAR",
    "SUBMODULE",
    "SYMLINK",
    "Authored",
    "Difference",
    "Folder",
    "Repository",
    "TreeFile",
]


@dataclass(frozen=True, slots=True)
class Authored:
    """Who wrote a commit, as the commit says it; nothing in git proves a name."""

    name: str
    committed: int  # seconds since 1970, UTC


class Repository:
    """An open repository. All methods only read."""

    def __init__(self, git: pygit2.Repository) -> None:
        self._git = git
        self._objects = GitObjects(git, self.root)
        self._working = WorkingFiles(git, self.root)

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
    def cache_folder(self) -> Path:
        """Where what can be computed again may be kept: beside git's own files, so that it is never committed."""
        return Path(self._git.path) / "seedbed"

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
        return tuple(str(parent) for parent in self._objects.commit(commit).parent_ids)

    def authored(self, commit: str) -> Authored:
        """The author's name and the time of a commit."""
        found = self._objects.commit(commit)
        return Authored(found.author.raw_name.decode("utf-8", "replace"), found.commit_time)

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
        found = self._working.files(under) if commit is None else self._objects.files(commit, under)
        return tuple(sorted(found, key=lambda file: file.path))

    def folder(self, commit: str | None, path: str) -> Folder:
        """What lies directly in one folder, without a look at the rest of the tree where `commit` is given."""
        path = _folder(path)
        if commit is not None:
            return self._objects.folder(commit, path)
        start = len(path) + 1 if path else 0
        files: dict[str, TreeFile] = {}
        folders: dict[str, None] = {}
        for file in self.files(None, path):
            if file.path != path:
                name, _, deeper = file.path[start:].partition("/")
                if deeper:
                    folders.setdefault(file.path[:start] + name)
                else:
                    files[file.path] = file
        return Folder(MappingProxyType(files), tuple(folders))

    def differing(self, base: str, head: str | None, under: str = "") -> tuple[Difference, ...]:
        """The files below `under` that differ in bytes or mode, or are in one of the two only, sorted by path.

        Two commits are compared by the ids of their folders, so the cost is that of what changed. The working tree
        (None) is compared file by file, as git itself does it.
        """
        under = _folder(under)
        if head is not None:
            found = list(self._objects.differing(base, head, under))
        else:
            old = {file.path: file for file in self._objects.files(base, under)}
            new = {file.path: file for file in self._working.files(under)}
            pairs = ((old.get(path), new.get(path)) for path in old.keys() | new.keys())
            found = [pair for pair in pairs if _content(pair[0]) != _content(pair[1])]
        return tuple(sorted(found, key=_path_of))

    def read(self, file: TreeFile, *, commit: str | None, limit: int) -> bytes:
        """The bytes of a file from `files` of the same `commit`; of a link, the path it names.

        Raises RepositoryError when it is larger than `limit` bytes, before reading it, or cannot be read.
        """
        if file.mode in (SUBMODULE, DOUBLED):
            raise RepositoryError(f"{printable(file.path)} is {REFUSED[file.mode]}")
        return self._working.read(file.path, limit) if commit is None else self._objects.read(file, limit)

    def read_path(self, commit: str | None, path: str, limit: int) -> bytes | None:
        """The bytes of the plain file at `path`; None when there is none (a link or a submodule is none)."""
        if commit is None:
            return self._working.read(path, limit) if self._working.is_plain_file(path) else None
        files = [file for file in self.files(commit, path) if file.path == path and file.is_regular]
        return self._objects.read(files[0], limit) if files else None


def _content(file: TreeFile | None) -> tuple[str, int] | None:
    return None if file is None else (file.blob, file.mode)


def _path_of(difference: Difference) -> str:
    file = difference[0] or difference[1]
    assert file is not None
    return file.path


def _folder(under: str) -> str:
    return "/".join(part for part in under.split("/") if part not in ("", "."))
