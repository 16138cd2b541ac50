"""A taxonomy at one revision, as rules see it: the files around a leaf, and what other leaves ask."""

from __future__ import annotations

import contextlib
import itertools
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from seedbed.checking.questions import QuestionIndex
from seedbed.checking.texts import exchanges, normal
from seedbed.errors import RepositoryError
from seedbed.taxonomy.changes import all_leaves, leaf_name
from seedbed.taxonomy.leaf import Fault, LeafFile, Span
from seedbed.taxonomy.read_leaf import MAXIMUM_BYTES, read_leaf
from seedbed.taxonomy.repository import Repository, TreeFile

ATTRIBUTION = "attribution.txt"
MAXIMUM_DOCUMENT_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class OtherQuestion:
    """A question and where it is asked."""

    path: str
    leaf: str
    question: str
    span: Span
    grounded: bool  # whether it is asked about a context


class Tree:
    """The taxonomy in `repository` at `commit`, or in the working tree when `commit` is None. Reads lazily, once."""

    def __init__(self, repository: Repository, commit: str | None, taxonomy_root: str) -> None:
        self._repository = repository
        self._commit = commit
        self._root = taxonomy_root
        self._leaf_files: dict[str, LeafFile] = {}

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
        """The text of a file that findings point into: a leaf, its attribution, a document; None where there is none."""
        if path in self.leaves:
            return self.leaf_file(path).text or None
        file = next((file for file in self.around(path) if file.path == path), None)
        return None if file is None else self.read_text(file)

    @cached_property
    def questions(self) -> QuestionIndex:
        """What all leaves ask. A file that cannot be read asks nothing; its own check says what is wrong with it."""
        index = QuestionIndex()
        for path, file in self.leaves.items():
            with contextlib.suppress(RepositoryError):
                index.add(path, self.read_text(file, limit=MAXIMUM_BYTES) or "")
        return index

    def same_question(self, question: str) -> Iterator[OtherQuestion]:
        """Leaves that ask `question` as it is, but for case, spacing and final punctuation."""
        wanted = normal(question)
        for path in self.questions.same(question):
            asked = (other for other in self._asked(path) if normal(other.question) == wanted)
            yield from itertools.islice(asked, 1)

    def near_questions(self, question: str) -> Iterator[OtherQuestion]:
        """Questions without a context of their own in leaves that may ask nearly the same."""
        for path in self.questions.near(question):
            yield from self._asked(path)

    def _asked(self, path: str) -> Iterator[OtherQuestion]:
        leaf = self.leaf_file(path)
        for exchange in exchanges(leaf):
            if exchange.question is not None:
                span = leaf.span(exchange.question_path)
                yield OtherQuestion(
                    leaf.path, leaf.name, exchange.question, span, exchange.context is not None
                )

    @cached_property
    def _folded_folders(self) -> Mapping[str, Mapping[str, str]]:
        """Folders by what some systems take them for: folded name → name → a leaf below it."""
        folded: dict[str, dict[str, str]] = {}
        seen: set[str] = set()
        for path in self.leaves:
            for folder in _folders_down(leaf_name(path, self._root)):
                if folder not in seen:
                    seen.add(folder)
                    folded.setdefault(_folded(folder), {})[folder] = path
        return folded

    def clashes(self, name: str) -> Iterator[tuple[str, str, str]]:
        """Folders that some systems take for a folder of the leaf `name`: its own, the other, and a leaf below that."""
        for folder in _folders_down(name):
            for other, path in self._folded_folders.get(_folded(folder), {}).items():
                if other != folder:
                    yield folder, other, path

    @cached_property
    def topics(self) -> Mapping[tuple[str, ...], tuple[str, ...]]:
        """Paths of leaves by the words of their last folder."""
        found: dict[tuple[str, ...], list[str]] = {}
        for path in self.leaves:
            found.setdefault(topic_of(leaf_name(path, self._root)), []).append(path)
        return {topic: tuple(paths) for topic, paths in found.items()}


def topic_of(name: str) -> tuple[str, ...]:
    """The words of a leaf's last folder, without case, order and a plural's `s`."""
    last = unicodedata.normalize("NFKC", name.rsplit("/", 1)[-1]).casefold()
    words = (word for word in re.split(r"[^\w]+|_", last) if word)
    return tuple(sorted(word.removesuffix("s") if len(word) > 3 else word for word in words))


def _folders_down(name: str) -> Iterator[str]:
    """The leaf's folder and those above it below the branch, the highest first."""
    parts = name.split("/")
    for length in range(2, len(parts) + 1):
        yield "/".join(parts[:length])


def _folded(folder: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", folder).casefold()).replace("-", "_")
