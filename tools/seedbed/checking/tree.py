"""A taxonomy at one revision, as rules see it: the leaves, the files around each, and what stands elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TypeVar

from seedbed.checking.folder_names import FolderNames
from seedbed.checking.other_leaves import OtherLeaves
from seedbed.errors import RepositoryError
from seedbed.taxonomy.leaf import Fault, LeafFile, Span
from seedbed.taxonomy.leaf_files import LeafFiles, leaf_name, parent
from seedbed.taxonomy.read_leaf import MAXIMUM_BYTES, read_leaf
from seedbed.taxonomy.repository import Repository, TreeFile

ATTRIBUTION = "attribution.txt"
MAXIMUM_DOCUMENT_BYTES = 4 * 1024 * 1024
MOST_KEPT = 1_000

_Value = TypeVar("_Value")


class Tree:
    """The taxonomy in `repository` at `commit`, or in the working tree when `commit` is None. Reads lazily, once."""

    def __init__(self, repository: Repository, commit: str | None, taxonomy_root: str) -> None:
        self._repository = repository
        self._commit = commit
        self._root = taxonomy_root
        self._files = LeafFiles(repository, commit, taxonomy_root)
        self._leaf_files: dict[str, LeafFile] = {}
        self._attributions: dict[str, str | None] = {}
        self._attribution_texts: dict[str, str | None] = {}  # by blob
        self.others = OtherLeaves(repository, commit, self._files, self.leaf_file)
        self.folder_names = FolderNames(repository, commit, self._files)

    @cached_property
    def leaves(self) -> Mapping[str, TreeFile]:
        """Every leaf's file by path, wrongly named ones included. Looks at the whole tree."""
        return {file.path: file for file in self._files.all()}

    def file(self, path: str) -> TreeFile:
        """The file of the leaf at `path`."""
        found = self._files.at(path)
        assert found is not None, f"{path} is no leaf"
        return found

    def is_leaf(self, file: TreeFile) -> bool:
        """Whether a file of this tree is a leaf, or was meant to be."""
        return self._files.is_leaf(file)

    def belongs_to_a_leaf(self, file: TreeFile) -> bool:
        """Whether a file lies in or below the folder of a leaf, or is one."""
        return self.is_leaf(file) or self._files.owner(file.path) is not None

    def is_name(self, name: str) -> bool:
        """Whether a leaf has this name."""
        return bool(self._files.directly_in(self._files.folder_of(name)))

    def files_below(self, folder: str) -> tuple[TreeFile, ...]:
        """All files in and below a folder, leaves or not."""
        return self._files.below(folder)

    def around(self, path: str) -> tuple[TreeFile, ...]:
        """All files in and below the folder that holds `path`."""
        return self._files.below(parent(path))

    def read_text(self, file: TreeFile, *, limit: int = MAXIMUM_DOCUMENT_BYTES) -> str | None:
        """A regular file's text with bad bytes replaced; None for a link, a submodule, or what cannot be read."""
        if not file.is_regular or not 0 <= file.size <= limit:
            return None
        return self._repository.read(file, commit=self._commit, limit=limit).decode("utf-8", "replace")

    def attribution(self, path: str) -> tuple[str, str | None]:
        """The path of the attribution that belongs to the leaf at `path`, and its text if it is there."""
        wanted = f"{parent(path)}/{ATTRIBUTION}".lstrip("/")
        if wanted not in self._attributions:
            file = self._files.file(wanted)
            _remember(self._attributions, wanted, None if file is None else self._attribution_text(file))
        return wanted, self._attributions[wanted]

    def _attribution_text(self, file: TreeFile) -> str | None:
        """Most leaves of a taxonomy share a few attributions; those of a commit are read once each."""
        if self._commit is None or not file.is_regular:
            return self.read_text(file, limit=MAXIMUM_BYTES)
        if file.blob not in self._attribution_texts:
            _remember(self._attribution_texts, file.blob, self.read_text(file, limit=MAXIMUM_BYTES))
        return self._attribution_texts[file.blob]

    def leaf_file(self, path: str) -> LeafFile:
        """The leaf at `path` as read; a link or a submodule reads as an empty text without faults of its own."""
        if path not in self._leaf_files:
            _remember(self._leaf_files, path, self._read(self.file(path)))
        return self._leaf_files[path]

    def _read(self, file: TreeFile) -> LeafFile:
        name = leaf_name(file.path, self._root)
        if not file.is_regular:
            return LeafFile(file.path, name, file.blob, text="")
        if file.size > MAXIMUM_BYTES:
            # The reader words the refusal from the length alone; the bytes themselves are never loaded.
            return read_leaf(bytes(MAXIMUM_BYTES + 1), path=file.path, name=name, blob=file.blob)
        try:
            raw = self._repository.read(file, commit=self._commit, limit=MAXIMUM_BYTES)
        except RepositoryError as error:
            fault = Fault("unreadable", error.message, Span(1, 1, 1, 1), help=error.hint)
            return LeafFile(file.path, name, file.blob, text="", faults=(fault,))
        return read_leaf(raw, path=file.path, name=name, blob=file.blob)

    def text(self, path: str) -> str | None:
        """The text of a file that findings point into: a leaf, its attribution, a document; None where there is none."""
        file = self._files.file(path)
        if file is None:
            return None
        return self.leaf_file(path).text or None if self.is_leaf(file) else self.read_text(file)


def _remember(kept: dict[str, _Value], key: str, value: _Value) -> None:
    """Keep a value and let go of the oldest: a large taxonomy does not fit into memory."""
    kept[key] = value
    if len(kept) > MOST_KEPT:
        del kept[next(iter(kept))]
