"""Folders of a taxonomy that some systems take for one another."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from seedbed.taxonomy.leaf_files import LeafFiles, parent
from seedbed.taxonomy.repository import Repository


class FolderNames:
    """The folders that hold `files`, of `repository` at `commit`."""

    def __init__(self, repository: Repository, commit: str | None, files: LeafFiles) -> None:
        self._repository = repository
        self._commit = commit
        self._files = files
        self._twin_names: dict[str, dict[str, list[str]]] = {}

    def clashes(self, name: str) -> Iterator[tuple[str, str, str]]:
        """Folders that some systems take for a folder of the leaf `name`: its own, the other, and a leaf below that."""
        for folder in _folders_down(name):
            for other in self._twins(folder):
                leaf = next(
                    filter(self._files.is_leaf, self._files.below(self._files.folder_of(other))), None
                )
                if leaf is not None:
                    yield folder, other, leaf.path

    def _twins(self, folder: str) -> list[str]:
        """The other folders beside `folder` that have its name when they are folded."""
        above = parent(folder)
        if above not in self._twin_names:
            self._twin_names[above] = {}
            for path in self._subfolders(self._files.folder_of(above)):
                name = path.removeprefix(f"{self._files.root}/") if self._files.root else path
                self._twin_names[above].setdefault(_folded(name), []).append(name)
        return [name for name in self._twin_names[above].get(_folded(folder), ()) if name != folder]

    def _subfolders(self, folder: str) -> Iterable[str]:
        if self._commit is not None:
            return self._repository.folder(self._commit, folder).folders
        start = len(folder) + 1
        return {
            path[:start] + path[start:].split("/", 1)[0]
            for path in (file.path for file in self._files.all())
            if path.startswith(f"{folder}/") and "/" in path[start:]
        }


def _folders_down(name: str) -> Iterator[str]:
    """The leaf's folder and those above it below the branch, the highest first."""
    parts = name.split("/")
    for length in range(2, len(parts) + 1):
        yield "/".join(parts[:length])


def _folded(folder: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", folder).casefold()).replace("-", "_")
