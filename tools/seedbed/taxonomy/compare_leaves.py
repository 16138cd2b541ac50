"""Two versions of a leaf side by side: which seeds were added, removed or changed, and word by word what changed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from seedbed.taxonomy.leaf import LeafFile, YamlPath

SAME_SEED = 0.5
"""Share of words in common from which two seeds are one that changed."""
MOST_PAIRS = 2_500
"""Pairs of seeds that are compared by their words; a leaf has a dozen seeds, a hostile one thousands."""
MOST_WORDS = 4_000
"""Words of a text that are compared one by one; a longer text is shown as replaced."""

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


class Edit(StrEnum):
    """What became of a stretch of words."""

    KEPT = "kept"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some words of a text and what became of them."""

    edit: Edit
    text: str


@dataclass(frozen=True, slots=True)
class TextChange:
    """One text that differs. `where` is its key, such as `answer` or `question 2`; None where it was not there."""

    where: str
    old: str | None
    new: str | None

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """The words of both texts in one line, each kept, removed or added."""
        return compare_words(self.old or "", self.new or "")


@dataclass(frozen=True, slots=True)
class SeedChange:
    """One seed example. Numbers count from 1; `old` is None for an added seed, `new` for a removed one."""

    old: int | None
    new: int | None
    changes: tuple[TextChange, ...]  # of an added or removed seed: all its texts


@dataclass(frozen=True, slots=True)
class LeafDifference:
    """What differs between two versions of a leaf. A version that is not YAML has no texts to compare."""

    fields: tuple[TextChange, ...]
    seeds: tuple[SeedChange, ...]
    kept: int  # seeds that are the same, wherever they stand
    unreadable: tuple[str, ...] = ()  # of `old`, `new`: which could not be read


def compare_leaves(old: LeafFile | None, new: LeafFile | None) -> LeafDifference:
    """What differs between `old` and `new`; None is a leaf that is not there."""
    unreadable = tuple(
        label for label, leaf in (("old", old), ("new", new)) if leaf is not None and leaf.data is None
    )
    before, after = _texts(old), _texts(new)
    fields = tuple(_text_changes(_fields(before), _fields(after)))
    kept, seeds = _compare_seeds(_seeds(before), _seeds(after))
    return LeafDifference(fields, seeds, kept, unreadable)


def compare_words(old: str, new: str) -> tuple[Stretch, ...]:
    """The words of both texts, kept, removed or added; within a change what is removed comes first."""
    first, second = _WORDS.findall(old), _WORDS.findall(new)
    if max(len(first), len(second)) > MOST_WORDS:
        first, second = [old] if old else [], [new] if new else []
    found: list[Stretch] = []
    for kind, a, b, c, d in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(Stretch(Edit.KEPT, "".join(first[a:b])))
            continue
        found += [Stretch(Edit.REMOVED, "".join(first[a:b]))] if a < b else []
        found += [Stretch(Edit.ADDED, "".join(second[c:d]))] if c < d else []
    return tuple(found)


Texts = Mapping[YamlPath, str]


def _texts(leaf: LeafFile | None) -> Texts:
    return {} if leaf is None or leaf.data is None else dict(_walk((), leaf.data))


def _walk(path: YamlPath, value: object) -> Iterator[tuple[YamlPath, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _walk((*path, key), item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk((*path, index), item)
    elif value is not None:
        yield path, str(value)


def _fields(texts: Texts) -> Mapping[str, str]:
    """Everything but the seeds, by name."""
    return {_name(path): text for path, text in texts.items() if path[:1] != ("seed_examples",)}


def _seeds(texts: Texts) -> Sequence[Mapping[str, str]]:
    """The texts of each seed by name, such as `context` or `question 2`."""
    seeds: dict[object, dict[str, str]] = {}
    for path, text in texts.items():
        if path[:1] == ("seed_examples",) and len(path) > 1:
            seeds.setdefault(path[1], {})[_name(path[2:])] = text
    return list(seeds.values())


def _name(path: YamlPath) -> str:
    """`question 2` for the second of the `questions_and_answers`; else the keys with dots, numbers from 1."""
    if len(path) == 3 and path[0] == "questions_and_answers" and isinstance(path[1], int):
        return f"{path[2]} {path[1] + 1}"
    return ".".join(str(step + 1) if isinstance(step, int) else step for step in path)


def _text_changes(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[TextChange]:
    for name in dict.fromkeys([*old, *new]):
        if old.get(name) != new.get(name):
            yield TextChange(name, old.get(name), new.get(name))


def _compare_seeds(
    old: Sequence[Mapping[str, str]], new: Sequence[Mapping[str, str]]
) -> tuple[int, tuple[SeedChange, ...]]:
    """How many seeds are the same, and the others, in their order in `new`, then the removed ones."""
    left = dict(enumerate(old, start=1))
    fresh: dict[int, Mapping[str, str]] = {}
    places: dict[tuple[tuple[str, str], ...], list[int]] = {}
    for number, seed in left.items():
        places.setdefault(tuple(seed.items()), []).append(number)
    for number, seed in enumerate(new, start=1):
        same = places.get(tuple(seed.items()))
        if same:
            del left[same.pop(0)]
        else:
            fresh[number] = seed
    kept = len(old) - len(left)
    pairs = _pairs(left, fresh)
    seeds = [
        SeedChange(pairs.get(number), number, tuple(_text_changes(left.get(pairs.get(number, 0), {}), seed)))
        for number, seed in fresh.items()
    ]
    gone = [number for number in left if number not in pairs.values()]
    seeds += [SeedChange(number, None, tuple(_text_changes(left[number], {}))) for number in gone]
    return kept, tuple(seeds)


def _pairs(left: Mapping[int, Mapping[str, str]], fresh: Mapping[int, Mapping[str, str]]) -> dict[int, int]:
    """New number → old number of seeds that are one which changed, the most alike first."""
    if len(left) * len(fresh) > MOST_PAIRS:
        return {number: number for number in fresh if number in left}
    words = {
        (side, number): _WORDS.findall(" ".join(seed.values()))[:MOST_WORDS]
        for side, seeds in enumerate((left, fresh))
        for number, seed in seeds.items()
    }
    ranked = sorted(
        (-_likeness(words[0, a], words[1, b], left[a], fresh[b]), abs(a - b), a, b)
        for a in left
        for b in fresh
    )
    pairs: dict[int, int] = {}
    for distance, _, a, b in ranked:
        if -distance >= SAME_SEED and b not in pairs and a not in pairs.values():
            pairs[b] = a
    return pairs


def _likeness(
    old: list[str], new: list[str], old_seed: Mapping[str, str], new_seed: Mapping[str, str]
) -> float:
    """0…1: words in common; seeds that share their question or their context are one, whatever else changed."""
    shared = any(
        name in old_seed and old_seed[name] == new_seed.get(name) for name in ("question", "context")
    )
    # Multisets of words, not their order: an upper bound that costs no quadratic time.
    return max(SequenceMatcher(None, old, new).quick_ratio(), SAME_SEED if shared else 0.0)
