"""Leaves that may already cover what someone wants to add: by the words of their names, tasks and questions."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from seedbed.taxonomy.changes import all_leaves, leaf_name
from seedbed.taxonomy.leaf import LeafFile
from seedbed.taxonomy.read_leaf import MAXIMUM_BYTES, read_leaf
from seedbed.taxonomy.repository import Repository

NAME_WEIGHT = 3
"""A word of a leaf's name says more about it than one of a question."""
MOST_READ = 5_000
"""Leaves that are read for their questions; of a larger taxonomy, those whose names come nearest."""

_TASK_KEYS = ("task_description", "document_outline")
_WORD = re.compile(r"[a-z0-9]{3,}")
_ENDINGS = re.compile(r"(?:ing|ies|es|s|ed)\Z")


@dataclass(frozen=True, slots=True)
class NearLeaf:
    """A leaf that shares words with what was asked for; `question` is the nearest of its questions."""

    name: str
    task: str
    question: str
    score: float  # 0 and more; only for comparing


class Neighbourhood:
    """The leaves of a commit, or of the working tree (None), among which near ones are looked for.

    `most_read` is how many are read for what they ask; of a larger taxonomy, those whose names come nearest.
    """

    def __init__(
        self, repository: Repository, commit: str | None, taxonomy_root: str, *, most_read: int = MOST_READ
    ) -> None:
        self._repository = repository
        self._commit = commit
        self._most_read = most_read
        listed = all_leaves(repository, revision=commit, taxonomy_root=taxonomy_root)
        readable = (file for file in listed if file.is_regular and 0 <= file.size <= MAXIMUM_BYTES)
        self._files = {leaf_name(file.path, taxonomy_root): file for file in readable}
        self._topics = {name: _stems(_topic(name)) for name in self._files}
        self._subjects: dict[str, _Subject] = {}

    def nearest(self, words: str, *, limit: int = 3, besides: Collection[str] = ()) -> tuple[NearLeaf, ...]:
        """The leaves, `besides` some, that share words with `words`, such as a name and a task; nearest first."""
        wanted = _stems(words)
        names = sorted(
            self._files.keys() - set(besides), key=lambda name: (-len(wanted & self._topics[name]), name)
        )
        near = [self._subject(name) for name in names[: self._most_read]]
        return _rank(near, wanted)[:limit]

    def _subject(self, name: str) -> _Subject:
        if name not in self._subjects:
            file = self._files[name]
            raw = self._repository.read(file, commit=self._commit, limit=MAXIMUM_BYTES)
            self._subjects[name] = _subject(read_leaf(raw, path=file.path, name=name, blob=file.blob))
        return self._subjects[name]


def nearest_leaves(
    repository: Repository, *, taxonomy_root: str, words: str, limit: int = 3
) -> tuple[NearLeaf, ...]:
    """The leaves of the working tree that share words with `words`, such as a name and a task; nearest first."""
    return Neighbourhood(repository, None, taxonomy_root).nearest(words, limit=limit)


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a leaf is about, as far as it can be read: one with faults covers its subject too."""

    name: str
    task: str
    questions: tuple[str, ...]


def _subject(leaf: LeafFile) -> _Subject:
    data = leaf.data or {}
    task = next((text for key in _TASK_KEYS if isinstance(text := data.get(key), str)), "")
    seeds = data.get("seed_examples")
    return _Subject(leaf.name, task, tuple(_questions(seeds if isinstance(seeds, list) else [])))


def _questions(items: list[object]) -> Iterator[str]:
    for item in items:
        if isinstance(item, Mapping):
            question, below = item.get("question"), item.get("questions_and_answers")
            if isinstance(question, str):
                yield question
            if isinstance(below, list):
                yield from _questions(below)


def _rank(leaves: Sequence[_Subject], wanted: frozenset[str]) -> tuple[NearLeaf, ...]:
    """Each leaf by the rarity of the words it shares: a word of many leaves says little."""
    words = {leaf.name: (_stems(_topic(leaf.name)), _stems(_texts(leaf))) for leaf in leaves}
    seen = Counter(word for name, rest in words.values() for word in name | rest)
    rarity = {word: math.log(1 + len(words) / seen[word]) for word in wanted if word in seen}
    found = []
    for leaf in leaves:
        name, rest = words[leaf.name]
        score = sum(NAME_WEIGHT * rarity[word] for word in wanted & name)
        score += sum(rarity[word] for word in (wanted & rest) - name)
        if score > 0:
            found.append(NearLeaf(leaf.name, leaf.task, _question(leaf, rarity), score))
    ranked = sorted(found, key=lambda near: (-near.score, near.name))
    best = ranked[0].score if ranked else 0.0
    return tuple(near for near in ranked if near.score >= best / 3)


def _question(leaf: _Subject, rarity: Mapping[str, float]) -> str:
    """The question that shares most with what was asked for, the first of equals."""
    return max(
        leaf.questions, key=lambda text: sum(rarity.get(word, 0.0) for word in _stems(text)), default=""
    )


def _topic(name: str) -> str:
    """The name without its branch, which thousands of leaves share."""
    return name.partition("/")[2].replace("/", " ").replace("_", " ")


def _texts(leaf: _Subject) -> str:
    return " ".join((leaf.task, *leaf.questions))


def _stems(text: str) -> frozenset[str]:
    """Lower-case words without their commonest English endings."""
    folded = text.casefold().replace("_", " ")
    return frozenset(_ENDINGS.sub("", word) if len(word) > 4 else word for word in _WORD.findall(folded))
