"""Which files of a revision are leaves, or were meant to be, found folder by folder so that one leaf costs little."""

from __future__ import annotations

import re
from types import MappingProxyType

from seedbed.taxonomy.leaf import BRANCHES
from seedbed.taxonomy.repository import Folder, Repository, TreeFile

FILE_NAME = "qna.yaml"

_READ_LIMIT = 256 * 1024
_SPEAKS_OF_SEEDS = re.compile(rb"^seed_examples[ \t]*:", re.MULTILINE)


class LeafFiles:
    """The files below the taxonomy's root at one commit (None: in the working tree), and which of them are leaves.

    Under a branch: `qna.yaml` in any spelling, and any other YAML file whose folder (and those above it) has none.
    Elsewhere below the root: `qna.yaml` in any spelling, and YAML files with a `seed_examples:` line. What is misnamed
    or misplaced is thus seen, and a rule can say so. A `qna.yaml` that stands in the root or in a branch itself is no
    reason to overlook what lies deeper.
    """

    def __init__(self, repository: Repository, revision: str | None, taxonomy_root: str) -> None:
        self._repository = repository
        self._revision = revision
        self.root = plain_root(taxonomy_root)
        self._tops = {self.root, *(f"{self.root}/{branch}".lstrip("/") for branch in BRANCHES)}
        self._folders: dict[str, Folder] = {}
        self._complete = False

    def all(self) -> tuple[TreeFile, ...]:
        """Every leaf, sorted by path; looks at the whole tree."""
        self._list_everything()
        files = [file for folder in self._folders.values() for file in folder.files.values()]
        return tuple(sorted(filter(self.is_leaf, files), key=lambda file: file.path))

    def at(self, path: str) -> TreeFile | None:
        """The file at `path` if it is a leaf."""
        file = self.file(path)
        return file if file is not None and self.is_leaf(file) else None

    def file(self, path: str) -> TreeFile | None:
        """The file at `path`, leaf or not."""
        return self.folder(parent(path)).files.get(path)

    def directly_in(self, folder: str) -> tuple[TreeFile, ...]:
        """The leaves that lie in this very folder."""
        return tuple(filter(self.is_leaf, self.folder(folder).files.values()))

    def below(self, folder: str) -> tuple[TreeFile, ...]:
        """All files in and below a folder, sorted by path, leaves or not."""
        if self._revision is not None and not self._complete:
            return self._repository.files(self._revision, folder)  # within bounds, whatever names itself
        found: list[TreeFile] = []
        waiting = [folder]
        while waiting:
            listed = self.folder(waiting.pop())
            found += listed.files.values()
            waiting += listed.folders
        return tuple(sorted(found, key=lambda file: file.path))

    def folder_of(self, name: str) -> str:
        """The folder of the leaf that is called `name`."""
        return f"{self.root}/{name}" if self.root else name

    def owner(self, path: str) -> str | None:
        """The folder of the leaf that the file at `path` belongs to: the nearest one, of those that can own it."""
        return next((folder for folder in self.owners(path) if self.directly_in(folder)), None)

    def owners(self, path: str) -> tuple[str, ...]:
        """Folders whose leaf the file at `path` could belong to, its own first; root and branches own nothing deeper."""
        own = parent(path)
        above = [own]
        while above[-1] != self.root and above[-1]:
            above.append(parent(above[-1]))
        return tuple(folder for folder in above if folder == own or folder not in self._tops)

    def is_leaf(self, file: TreeFile) -> bool:
        """Whether a file of this revision is a leaf, or was meant to be."""
        if not file.path.lower().endswith((".yaml", ".yml")):
            return False
        inside = file.path[len(self.root) + 1 :] if self.root else file.path
        parts = inside.split("/")
        if parts[0] not in BRANCHES and any(part.startswith(".") for part in parts):
            return False
        if is_qna(file.path):
            return True
        if any(any(map(is_qna, self.folder(folder).files)) for folder in self.owners(file.path)):
            return False  # a file beside a leaf or below it
        return parts[0] in BRANCHES or (file.is_regular and self._speaks_of_seeds(file))

    def _speaks_of_seeds(self, file: TreeFile) -> bool:
        if not 0 <= file.size <= _READ_LIMIT:
            return False
        raw = self._repository.read(file, commit=self._revision, limit=_READ_LIMIT)
        return _SPEAKS_OF_SEEDS.search(raw) is not None

    def folder(self, path: str) -> Folder:
        """What lies directly in a folder. Of a commit it is listed by itself; of the working tree git can only list all."""
        if self._revision is None:
            self._list_everything()
        if path not in self._folders:
            nothing = Folder(MappingProxyType({}), ())
            self._folders[path] = nothing if self._complete else self._repository.folder(self._revision, path)
        return self._folders[path]

    def _list_everything(self) -> None:
        if self._complete:
            return
        files: dict[str, dict[str, TreeFile]] = {self.root: {}}
        folders: dict[str, list[str]] = {}
        for file in self._repository.files(self._revision, self.root):
            if file.path == self.root:
                continue  # the root is a file, and so no taxonomy
            folder = parent(file.path)
            while folder not in files:
                files[folder] = {}
                folders.setdefault(parent(folder), []).append(folder)
                folder = parent(folder)
            files[parent(file.path)][file.path] = file
        self._folders = {
            folder: Folder(MappingProxyType(found), tuple(folders.get(folder, ())))
            for folder, found in files.items()
        }
        self._complete = True


def is_qna(path: str) -> bool:
    """Whether the file is called `qna.yaml`, in any spelling."""
    return path.rsplit("/", 1)[-1].lower() in ("qna.yaml", "qna.yml")


def parent(path: str) -> str:
    """The folder that holds `path`; the empty path for what lies at the top."""
    return path.rpartition("/")[0]


def leaf_name(path: str, taxonomy_root: str) -> str:
    """The name of the leaf whose file is `path`: its folder, from the branch down; `.` for a file in the root itself."""
    root = plain_root(taxonomy_root)
    inside = path.removeprefix(f"{root}/") if root else path
    return parent(inside) or "."


def plain_root(taxonomy_root: str) -> str:
    """The taxonomy's root as a plain path from the repository's top, empty for the top itself."""
    return "/".join(part for part in taxonomy_root.split("/") if part not in ("", "."))
