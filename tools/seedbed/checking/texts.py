"""The texts of a leaf that a person wrote, with where each stands; sound even when the schema found faults."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from seedbed.taxonomy.leaf import LeafFile, Span, YamlPath


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and answer as written; None where the key is missing or is not text."""

    yaml_path: YamlPath  # of the mapping that holds both
    question: str | None
    answer: str | None
    context: str | None
    asked: str  # the question as compared for sameness (`normal`); empty where there is none
    said: str  # so the answer
    about: str  # and the context

    @property
    def question_path(self) -> YamlPath:
        return (*self.yaml_path, "question")

    @property
    def answer_path(self) -> YamlPath:
        return (*self.yaml_path, "answer")


def seeds(leaf: LeafFile) -> Iterator[tuple[YamlPath, Mapping[str, object]]]:
    """Every seed example that is a mapping, with its path."""
    items = leaf.data.get("seed_examples") if leaf.data is not None else None
    if not isinstance(items, list):
        return
    for index, item in enumerate(items):
        if isinstance(item, dict):
            yield ("seed_examples", index), item


def exchanges(leaf: LeafFile) -> tuple[Exchange, ...]:
    """Every question with its answer, in the order of the file."""
    return _contents(leaf).exchanges


def all_texts(leaf: LeafFile) -> tuple[tuple[YamlPath, str], ...]:
    """Every text value of the leaf with its path, depth first."""
    return _contents(leaf).texts


def together(leaf: LeafFile) -> str:
    """All texts of the leaf, without case."""
    return _contents(leaf).together


def holds_any(leaf: LeafFile, signs: Iterable[str]) -> bool:
    """Whether one of `signs`, words without case, stands in a text of the leaf.

    A search for plain words is many times quicker than one for a pattern, and most leaves hold none of them.
    """
    whole = together(leaf)
    return any(sign in whole for sign in signs)


@dataclass(frozen=True, slots=True)
class _Contents:
    """What most rules go through, listed once for all of them."""

    leaf: LeafFile
    exchanges: tuple[Exchange, ...]
    texts: tuple[tuple[YamlPath, str], ...]
    together: str  # all texts, without case


_latest: list[_Contents] = []
"""The leaf that was asked for last: the rules take one leaf after the other, and all of them look at each."""


def _contents(leaf: LeafFile) -> _Contents:
    for contents in _latest:
        if contents.leaf is leaf:
            return contents
    texts = tuple(_walk((), dict(leaf.data or {})))
    together = "\n".join([text for _, text in texts]).casefold()
    contents = _Contents(leaf, tuple(_exchanges(leaf)), texts, together)
    _latest[:] = [contents]
    return contents


def _exchanges(leaf: LeafFile) -> Iterator[Exchange]:
    for path, seed in seeds(leaf):
        context = _text(seed.get("context"))
        pairs = seed.get("questions_and_answers")
        if not isinstance(pairs, list):
            if "question" in seed or "answer" in seed:
                yield _exchange(path, _text(seed.get("question")), _text(seed.get("answer")), context)
            continue
        for index, pair in enumerate(pairs):
            if isinstance(pair, dict):
                where = (*path, "questions_and_answers", index)
                yield _exchange(where, _text(pair.get("question")), _text(pair.get("answer")), context)


def _exchange(path: YamlPath, question: str | None, answer: str | None, context: str | None) -> Exchange:
    compared = (normal(text or "") for text in (question, answer, context))
    return Exchange(path, question, answer, context, *compared)


def _walk(path: YamlPath, value: object) -> Iterator[tuple[YamlPath, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _walk((*path, key), item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk((*path, index), item)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def normal(text: str) -> str:
    """`text` as compared for sameness: case, spacing and final punctuation do not count."""
    return _short_normal(text) if len(text) <= LONGEST_KEPT else _normal(text)


def _normal(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(" .?!:;")


def shown(text: str, limit: int = 60) -> str:
    """`text` on one line, cut to `limit` characters, in quotation marks."""
    line = " ".join(text.split())
    return f"“{line if len(line) <= limit else line[: limit - 1] + '…'}”"


def place_of(leaf: LeafFile, yaml_path: YamlPath, wanted: str) -> Span:
    """Where `wanted` first stands within the lines of the value; the whole value where line breaks or escapes part it."""
    value = leaf.span(yaml_path)
    lines = leaf.text.split("\n")
    for number in range(value.line, min(value.end_line, len(lines)) + 1):
        column = lines[number - 1].find(wanted, value.column - 1 if number == value.line else 0)
        if column >= 0:
            return Span(number, column + 1, number, column + 1 + len(wanted))
    return value


def words_of(text: str) -> list[str]:
    """Letters and digits alone, without case: signs, punctuation and spacing do not make a difference."""
    return list(_short_words(text) if len(text) <= LONGEST_KEPT else _words(text))


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.casefold()))


LONGEST_KEPT = 2_000
"""Characters of a text up to which what several rules ask of it is kept; a few hostile ones must not fill the memory."""
_WORD = re.compile(r"\w+")
_short_normal = lru_cache(maxsize=256)(_normal)
_short_words = lru_cache(maxsize=256)(_words)


def start_of(leaf: LeafFile) -> Span:
    """Where a finding about the whole file points: at its first key, else its first line that says something."""
    if leaf.data:
        return leaf.key_span((next(iter(leaf.data)),))
    for number, line in enumerate(leaf.text.split("\n"), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            return Span(number, len(line) - len(line.lstrip()) + 1, number, len(line.rstrip()) + 1)
    return Span(1, 1, 1, 1)


def document_of(leaf: LeafFile) -> Mapping[str, object]:
    """The leaf's `document`, or nothing."""
    document = leaf.data.get("document") if leaf.data is not None else None
    return document if isinstance(document, Mapping) else {}


def patterns_of(leaf: LeafFile) -> Iterator[tuple[YamlPath, str]]:
    """Every pattern of the leaf's `document` that is text, with its path."""
    patterns = document_of(leaf).get("patterns")
    if isinstance(patterns, list):
        for index, pattern in enumerate(patterns):
            if isinstance(pattern, str):
                yield ("document", "patterns", index), pattern


def inside_text(leaf: LeafFile, line: int) -> bool:
    """Whether the end of `line` lies inside a text of several lines, where a space or line break may be part of it."""
    return any(
        span.line <= line <= span.end_line and span.line < span.end_line
        for path, _ in all_texts(leaf)
        if (span := leaf.span(path)) is not None
    )


_PLACEHOLDER = r"(?is)\s*(?:TODO\b.*|(?:lorem ipsum|replace me|your (?:question|answer|context) here)\b.*)"


PLACEHOLDER_SIGNS = (
    "todo",
    "lorem ipsum",
    "replace me",
    *(f"your {part} here" for part in ("question", "answer", "context")),
)
"""One of these stands, without case, in every placeholder."""


def is_placeholder(text: str) -> bool:
    """Whether `text` stands where a person must still write, as `seedbed new` leaves it."""
    return re.fullmatch(_PLACEHOLDER, text) is not None
