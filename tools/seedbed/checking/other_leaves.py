"""What other leaves of a taxonomy ask and are called: the neighbours that a leaf is compared with."""

from __future__ import annotations

import contextlib
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from seedbed.checking.postings import Asked, Postings
from seedbed.checking.questions import QuestionIndex, asked_by, topic_key
from seedbed.checking.stored_postings import DamagedIndexError
from seedbed.checking.texts import exchanges, normal
from seedbed.checking.tree_index import Revision, postings_of, set_aside
from seedbed.errors import RepositoryError
from seedbed.taxonomy.leaf import LeafFile, Span
from seedbed.taxonomy.leaf_files import LeafFiles, leaf_name, parent
from seedbed.taxonomy.read_leaf import MAXIMUM_BYTES
from seedbed.taxonomy.repository import Repository, TreeFile

NEAREST_LEAVES = 250
"""With how many others a leaf is compared while there is no index of all; one is made when more than these are checked."""
MOST_OF_A_TOPIC = 64

_Scope = tuple[str, tuple[TreeFile, ...]]


@dataclass(frozen=True, slots=True)
class OtherQuestion:
    """A question and where it is asked."""

    path: str
    leaf: str
    question: str
    span: Span
    grounded: bool  # whether it is asked about a context


class OtherLeaves:
    """The leaves of `files`, of `repository` at `commit`, as neighbours; `leaf_file` reads the one at a path."""

    def __init__(
        self,
        repository: Repository,
        commit: str | None,
        files: LeafFiles,
        leaf_file: Callable[[str], LeafFile],
    ) -> None:
        self._repository = repository
        self._commit = commit
        self._files = files
        self._leaf_file = leaf_file
        self._postings: dict[bool, Postings | None] = {}
        self._alone: tuple[str, bool, frozenset[str]] = ("", False, frozenset())  # of the leaf asked for last
        self._latest: tuple[str, bool, _Scope] | None = None  # so its neighbours
        self._scopes: dict[str, tuple[TreeFile, ...] | None] = {}
        self._indexes: dict[str, QuestionIndex] = {}

    def near_leaves(self, path: str, *, whole: bool) -> _Scope:
        """The leaves that the one at `path` is compared with, and the folder that holds them.

        All of the taxonomy, if it is `whole` or small; else the widest folder around the leaf with at most
        NEAREST_LEAVES, so that a change of a few leaves costs the same in a large taxonomy.
        """
        if self._latest is None or self._latest[:2] != (path, whole):
            self._latest = path, whole, self._scope(path, whole)
        return self._latest[2]

    def _scope(self, path: str, whole: bool) -> _Scope:
        root = self._files.root
        if whole:
            return root, self._files.all()
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
            inside = [file for file in self._files.all() if not folder or file.path.startswith(f"{folder}/")]
            return tuple(inside) if len(inside) <= NEAREST_LEAVES else None
        found: list[TreeFile] = []
        waiting = [folder]
        while waiting:
            listed = self._files.folder(waiting.pop())
            found += filter(self._files.is_leaf, listed.files.values())
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
            revision = Revision(self._repository, self._commit, self._files.root)
            found = postings_of(revision, self._keys, make=False)
            if found is None and whole and len(self._files.all()) > NEAREST_LEAVES:
                found = postings_of(revision, self._keys, make=True, progress=progress)
            self._postings[whole] = found
        return self._postings[whole]

    def _keys(self, file: TreeFile, commit: str | None) -> Asked:
        topic = topic_key(topic_of(leaf_name(file.path, self._files.root)))
        return asked_by(file.path, self._text(file, commit), topic)

    def _text(self, file: TreeFile, commit: str | None) -> str:
        """The text of a leaf's file; of a link, a submodule or a file that is too large nothing is read."""
        if not file.is_regular or not 0 <= file.size <= MAXIMUM_BYTES:
            return ""
        return self._repository.read(file, commit=commit, limit=MAXIMUM_BYTES).decode("utf-8", "replace")

    def of_topic(self, topic: tuple[str, ...], *, near: str, whole: bool) -> Iterator[str]:
        """Paths of leaves, near the one at `near` where there is no index, whose last folder has these words."""

        def listed() -> list[str]:
            postings = self._all_postings(whole)
            if postings is None:
                return [file.path for file in self.near_leaves(near, whole=whole)[1]]
            return sorted(map(postings.path, postings.leaves(topic_key(topic), MOST_OF_A_TOPIC)))

        paths = self._from_index(listed, whole)
        return (path for path in paths if topic_of(leaf_name(path, self._files.root)) == topic)

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
                    index.add(file.path, self._text(file, self._commit))
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
        asked = [item.question for item in exchanges(self._leaf_file(path)) if item.question is not None]
        try:
            return frozenset(asked if QuestionIndex(postings).is_alone(path, asked) else ())
        except DamagedIndexError:
            return frozenset()  # whoever looks for neighbours next meets it too, and mends it

    def _asked(self, path: str) -> Iterator[OtherQuestion]:
        leaf = self._leaf_file(path)
        for exchange in exchanges(leaf):
            if exchange.question is not None:
                span = leaf.span(exchange.question_path)
                yield OtherQuestion(
                    leaf.path, leaf.name, exchange.question, span, exchange.context is not None
                )


def topic_of(name: str) -> tuple[str, ...]:
    """The words of a leaf's last folder, without case, order and a plural's `s`."""
    last = unicodedata.normalize("NFKC", name.rsplit("/", 1)[-1]).casefold()
    words = (word for word in re.split(r"[^\w]+|_", last) if word)
    return tuple(sorted(word.removesuffix("s") if len(word) > 3 else word for word in words))
