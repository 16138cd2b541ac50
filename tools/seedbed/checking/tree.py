"""A taxonomy at one revision, as rules see it: the files around a leaf, and what other leaves ask."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from seedbed.checking.texts import exchanges, normal
from seedbed.errors import RepositoryError
from seedbed.taxonomy.changes import all_leaves, leaf_name
from seedbed.taxonomy.leaf import Fault, LeafFile, Span
from seedbed.taxonomy.read_leaf import MAXIMUM_BYTES, read_leaf
from seedbed.taxonomy.repository import Repository, TreeFile

ATTRIBUTION = "attribution.txt"
MAXIMUM_DOCUMENT_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class SameQuestion:
    """Where another leaf asks the same question."""

    path: str
    leaf: str
    span: Span


class Tree:
    """The taxonomy in `repository` at `commit`, or in the working tree when `commit` is None. Reads lazily, once."""

    def __init__(self, repository: Repository, commit: str | None, taxonomy_root: str) -> None:
        self._repository = repository
        self._commit = commit
        self._root = taxonomy_root
        self._leaf_files: dict[str, LeafFile] = {}
        self._raw: dict[str, str] = {}

    @cached_property
    def leaves(self) -> Mapping[str, TreeFile]:
        """Every leaf's file by path, wrongly named ones included."""
        found = all_leaves(self._repository, revision=self._commit, taxonomy_root=self._root)
        return {file.path: file for file in found}

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of all leaves."""
        return frozenset(leaf_name(path, self._root) for path in self.leaves)

    @cached_property
    def _folders(self) -> Mapping[str, tuple[TreeFile, ...]]:
        folders: dict[str, list[TreeFile]] = {}
        for file in self._repository.files(self._commit, self._root):
            for folder in PurePosixPath(file.path).parents:
                folders.setdefault(str(folder), []).append(file)
        return {folder: tuple(files) for folder, files in folders.items()}

    def around(self, path: str) -> tuple[TreeFile, ...]:
        """All files in and below the folder that holds `path`."""
        return self._folders.get(str(PurePosixPath(path).parent), ())

    def read_text(self, file: TreeFile, *, limit: int = MAXIMUM_DOCUMENT_BYTES) -> str | None:
        """A regular file's text with bad bytes replaced; None for a link, a submodule, or what cannot be read."""
        if not file.is_regular or not 0 <= file.size <= limit:
            return None
        return self._repository.read(file, commit=self._commit, limit=limit).decode("utf-8", "replace")

    def attribution(self, path: str) -> tuple[str, str | None]:
        """The path of the attribution that belongs to the leaf at `path`, and its text if it is there."""
        wanted = str(PurePosixPath(path).with_name(ATTRIBUTION))
        for file in self.around(path):
            if file.path == wanted:
                return wanted, self.read_text(file, limit=MAXIMUM_BYTES)
        return wanted, None

    def leaf_file(self, path: str) -> LeafFile:
        """The leaf at `path` as read; a link or a submodule reads as an empty text without faults of its own."""
        if path not in self._leaf_files:
            self._leaf_files[path] = self._read(self.leaves[path])
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
        """The text of a leaf or of its attribution, as findings point into it; None where there is none to show."""
        if path in self.leaves:
            return self.leaf_file(path).text or None
        return self.attribution(path)[1]

    def same_question(self, question: str, *, apart_from: str) -> Iterator[SameQuestion]:
        """Other leaves that ask `question`. Only files that hold all its words are parsed, so a large tree stays quick."""
        words = sorted(set(re.findall(r"[a-z0-9]{2,}", question.casefold())), key=len, reverse=True)
        if not words:
            return
        wanted = normal(question)
        for path in self.leaves:
            if path == apart_from:
                continue
            text = self._folded(path)
            if all(word in text for word in words):
                yield from self._asked_in(self.leaf_file(path), wanted)

    def _folded(self, path: str) -> str:
        if path not in self._raw:
            # A file that cannot be read asks nothing; its own check says what is wrong with it.
            self._raw[path] = (self.read_text(self.leaves[path], limit=MAXIMUM_BYTES) or "").casefold()
        return self._raw[path]

    @staticmethod
    def _asked_in(leaf: LeafFile, wanted: str) -> Iterator[SameQuestion]:
        for exchange in exchanges(leaf):
            if exchange.question is not None and normal(exchange.question) == wanted:
                yield SameQuestion(leaf.path, leaf.name, leaf.span(exchange.question_path))
                return
