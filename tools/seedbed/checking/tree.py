"""A taxonomy at one revision, as rules see it: the files around a leaf, and what other leaves ask."""

from __future__ import annotations

import contextlib
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from seedbed.checking.postings import Asked, Postings
from seedbed.checking.questions import QuestionIndex, asked_by, topic_key
from seedbed.checking.stored_postings import DamagedIndexError
from seedbed.checking.texts import exchanges, normal
from seedbed.checking.tree_index import Revision, postings_of, set_aside
from seedbed.errors import RepositoryError
from seedbed.taxonomy.leaf import Fault, LeafFile, Span
from seedbed.taxonomy.leaf_files import LeafFiles, leaf_name, parent
from seedbed.taxonomy.read_leaf import MAXIMUM_BYTES, read_leaf
from seedbed.taxonomy.repository import Repository, TreeFile

ATTRIBUTION = "attribution.txt"
MAXIMUM_DOCUMENT_BYTES = 4 * 1024 * 1024
NEAREST_LEAVES = 250
"""With how many others a leaf is compared while there is no index of all; one is made when more than these are checked."""
MOST_KEPT = 1_000
MOST_OF_A_TOPIC = 64

_Value = TypeVar("_Value")


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
        self._files = LeafFiles(repository, commit, taxonomy_root)
        self._leaf_files: dict[str, LeafFile] = {}
        self._attributions: dict[str, str | None] = {}
        self._attribution_texts: dict[str, str | None] = {}  # by blob
        self._postings: dict[bool, Postings | None] = {}
        self._alone: tuple[str, bool, frozenset[str]] = ("", False, frozenset())  # of the leaf asked for last
        self._scopes: dict[str, tuple[TreeFile, ...] | None] = {}
        self._indexes: dict[str, QuestionIndex] = {}
        self._twin_names: dict[str, dict[str, list[str]]] = {}

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
        return bool(self._files.directly_in(self._folder_of(name)))

    def _folder_of(self, name: str) -> str:
        return f"{self._files.root}/{name}" if self._files.root else name

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

    def near_leaves(self, path: str, *, whole: bool) -> tuple[str, tuple[TreeFile, ...]]:
        """The leaves that the one at `path` is compared with, and the folder that holds them.

        All of the taxonomy, if it is `whole` or small; else the widest folder around the leaf with at most
        NEAREST_LEAVES, so that a change of a few leaves costs the same in a large taxonomy.
        """
        root = self._files.root
        if whole:
            return root, tuple(self.leaves.values())
        folder, found = parent(path), self._leaves_below(parent(path)) or ()
        while folder != root and folder:
            wider = self._leaves_below(parent(folder))
            if wider is None:
                break
            folder, found = parent(folder), wider
        return folder, found

    def _leaves_below(self, folder: str) -> tuple[TreeFile, ...] | None:
        """The leaves below a folder; None where they are more than NEAREST_LEAVES. Stops looking as soon as they are."""
        if folder not in self._scopes:
            self._scopes[folder] = self._few_below(folder)
        return self._scopes[folder]

    def _few_below(self, folder: str) -> tuple[TreeFile, ...] | None:
        if self._commit is None:
            inside = [
                file for path, file in self.leaves.items() if not folder or path.startswith(f"{folder}/")
            ]
            return tuple(inside) if len(inside) <= NEAREST_LEAVES else None
        found: list[TreeFile] = []
        waiting = [folder]
        while waiting:
            listed = self._repository.folder(self._commit, waiting.pop())
            found += filter(self.is_leaf, listed.files.values())
            waiting += listed.folders
            if len(found) + len(waiting) > NEAREST_LEAVES:
                return None
        return tuple(sorted(found, key=lambda file: file.path))

    def prepare_index(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Make the index of the whole tree now, if it is large and has none that fits."""
        self._all_postings(True, progress)

    def _all_postings(
        self, whole: bool, progress: Callable[[int, int], None] | None = None
    ) -> Postings | None:
        """The index of the whole tree: the stored one, one made now if `whole` and the tree is large, else None."""
        if whole not in self._postings:
            revision = Revision(self._repository, self._commit, self._root)
            found = postings_of(revision, self._keys, make=False)
            if found is None and whole and len(self.leaves) > NEAREST_LEAVES:
                found = postings_of(revision, self._keys, make=True, progress=progress)
            self._postings[whole] = found
        return self._postings[whole]

    def _keys(self, file: TreeFile, commit: str | None) -> Asked:
        text = ""
        if file.is_regular and 0 <= file.size <= MAXIMUM_BYTES:
            text = self._repository.read(file, commit=commit, limit=MAXIMUM_BYTES).decode("utf-8", "replace")
        return asked_by(file.path, text, topic_key(topic_of(leaf_name(file.path, self._root))))

    def of_topic(self, topic: tuple[str, ...], *, near: str, whole: bool) -> Iterator[str]:
        """Paths of leaves, near the one at `near` where there is no index, whose last folder has these words."""

        def listed() -> list[str]:
            postings = self._all_postings(whole)
            if postings is None:
                return [file.path for file in self.near_leaves(near, whole=whole)[1]]
            return sorted(map(postings.path, postings.leaves(topic_key(topic), MOST_OF_A_TOPIC)))

        paths = self._from_index(listed, whole)
        return (path for path in paths if topic_of(leaf_name(path, self._root)) == topic)

    def _from_index(self, paths: Callable[[], list[str]], whole: bool) -> list[str]:
        """What `paths` finds in the index; if that is damaged, what it finds in a new one, or without one."""
        try:
            found = paths()
            if all(self._files.at(path) is not None for path in found):
                return found
        except DamagedIndexError:
            pass  # said by `set_aside`
        if (damaged := self._postings.pop(whole, None)) is not None:
            set_aside(damaged)
        self._postings.clear()
        return paths()

    def _questions(self, path: str, whole: bool) -> QuestionIndex:
        """What all leaves ask, or those near `path`. A file that cannot be read asks nothing; its own check says why."""
        postings = self._all_postings(whole)
        if postings is not None:
            return QuestionIndex(postings)
        scope, files = self.near_leaves(path, whole=whole)
        if scope not in self._indexes:
            index = QuestionIndex()
            for file in files:
                with contextlib.suppress(RepositoryError):
                    index.add(file.path, self.read_text(file, limit=MAXIMUM_BYTES) or "")
            self._indexes[scope] = index
        return self._indexes[scope]

    def same_question(self, question: str, *, near: str, whole: bool) -> Iterator[OtherQuestion]:
        """Other leaves near the one at `near` that ask `question` as it is, but for case, spacing and final punctuation."""
        if question in self._asked_alone(near, whole):
            return
        wanted = normal(question)
        for path in self._from_index(
            lambda: self._questions(near, whole).same(question, besides=near), whole
        ):
            if path == near:
                continue
            asked = (other for other in self._asked(path) if normal(other.question) == wanted)
            yield from itertools.islice(asked, 1)

    def near_questions(self, question: str, *, near: str, whole: bool) -> Iterator[OtherQuestion]:
        """Questions in other leaves near the one at `near` that may ask nearly the same."""
        if question in self._asked_alone(near, whole):
            return
        for path in self._from_index(
            lambda: self._questions(near, whole).near(question, besides=near), whole
        ):
            if path != near:
                yield from self._asked(path)

    def _asked_alone(self, path: str, whole: bool) -> frozenset[str]:
        """The questions of the leaf at `path`, if the index knows that no other leaf asks the like; else none."""
        if self._alone[:2] != (path, whole):
            self._alone = path, whole, self._questions_alone(path, whole)
        return self._alone[2]

    def _questions_alone(self, path: str, whole: bool) -> frozenset[str]:
        postings = self._all_postings(whole)
        if postings is None or self._files.at(path) is None:
            return frozenset()
        asked = [item.question for item in exchanges(self.leaf_file(path)) if item.question is not None]
        try:
            return frozenset(asked if QuestionIndex(postings).is_alone(path, asked) else ())
        except DamagedIndexError:
            return frozenset()  # whoever looks for neighbours next meets it too, and mends it

    def _asked(self, path: str) -> Iterator[OtherQuestion]:
        leaf = self.leaf_file(path)
        for exchange in exchanges(leaf):
            if exchange.question is not None:
                span = leaf.span(exchange.question_path)
                yield OtherQuestion(
                    leaf.path, leaf.name, exchange.question, span, exchange.context is not None
                )

    def clashes(self, name: str) -> Iterator[tuple[str, str, str]]:
        """Folders that some systems take for a folder of the leaf `name`: its own, the other, and a leaf below that."""
        for folder in _folders_down(name):
            for other in self._twins(folder):
                leaf = next(filter(self.is_leaf, self._files.below(self._folder_of(other))), None)
                if leaf is not None:
                    yield folder, other, leaf.path

    def _twins(self, folder: str) -> list[str]:
        """The other folders beside `folder` that have its name when they are folded."""
        above = parent(folder)
        if above not in self._twin_names:
            self._twin_names[above] = {}
            for path in self._subfolders(self._folder_of(above)):
                name = path.removeprefix(f"{self._files.root}/") if self._files.root else path
                self._twin_names[above].setdefault(_folded(name), []).append(name)
        return [name for name in self._twin_names[above].get(_folded(folder), ()) if name != folder]

    def _subfolders(self, folder: str) -> Iterable[str]:
        if self._commit is not None:
            return self._repository.folder(self._commit, folder).folders
        start = len(folder) + 1
        return {
            path[:start] + path[start:].split("/", 1)[0]
            for path in self.leaves
            if path.startswith(f"{folder}/") and "/" in path[start:]
        }


def _remember(kept: dict[str, _Value], key: str, value: _Value) -> None:
    """Keep a value and let go of the oldest: a large taxonomy does not fit into memory."""
    kept[key] = value
    if len(kept) > MOST_KEPT:
        del kept[next(iter(kept))]


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
