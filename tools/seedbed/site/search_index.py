"""The search index: which leaves hold which words, cut into small scripts that a page loads as somebody types.

A page opened from a folder may load scripts and nothing else, so every part of the index is a script that hands one
JSON value to the page. Words are cut alike here and in `search.js`: compatibility decomposition (NFKD), lower case,
without accents, ß as ss; runs of letters, marks and digits; scripts without spaces between words in pairs of characters.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from seedbed.reports.escape import terminal_text
from seedbed.site.addresses import leaf_page
from seedbed.site.leaf_facts import LeafFacts, LeafSummary, summary_of

LEAVES_A_PART = 64
"""Leaves whose lines one script holds."""
LONGEST_WORD = 24
DOCUMENT_CHARACTERS = 50_000
"""Of each document that are searched."""
NAME, ABOUT, BODY = 3, 2, 1
"""Weights: a word of the name counts for more than one of the task, and that for more than one of a seed."""

_PAIRED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
"""Thai, Lao, Burmese, Khmer, kana and Chinese characters."""
_ASCII_WORDS = re.compile(r"[a-z0-9]+")


class _Letters(dict[int, str | None]):
    """What `str.translate` makes of each character: itself, nothing for an accent, a space between words."""

    def __missing__(self, code: int) -> str | None:
        character = chr(code)
        accent = 0x300 <= code <= 0x36F
        kept = unicodedata.category(character)[0] in "LMN"
        self[code] = None if accent else character if kept else " "
        return self[code]


_LETTERS = _Letters()


def words(text: str) -> list[str]:
    """The words of a text as they are looked up, in order, repeats included."""
    if text.isascii():
        found = _ASCII_WORDS.findall(text.lower())
    else:
        plain = unicodedata.normalize("NFKD", text).lower().replace("ß", "ss")
        found = [part for word in plain.translate(_LETTERS).split() for part in _parts(word)]
    return [word[:LONGEST_WORD] for word in found]


def _parts(word: str) -> Iterator[str]:
    """A word, taken apart where it is written in a script without spaces."""
    at = 0
    for run in _PAIRED.finditer(word):
        if run.start() > at:
            yield word[at : run.start()]
        characters = run[0]
        yield from (characters[place : place + 2] for place in range(max(1, len(characters) - 1)))
        at = run.end()
    if at < len(word):
        yield word[at:]


class SearchIndex:
    """An index in the making, one leaf after the other."""

    def __init__(self) -> None:
        self._leaves: list[list[object]] = []
        self._found: dict[str, list[int]] = {}

    def add(self, facts: LeafFacts) -> None:
        """Make a leaf findable by its words, and by `state:`, `kind:`, `branch:`, `author:`, `licence:` and `release:`."""
        summary = summary_of(facts)
        number = len(self._leaves)
        self._leaves.append(_line(summary))
        weights: dict[str, int] = {}
        for weight, texts in ((BODY, _body(facts)), (ABOUT, _about(facts)), (NAME, [facts.name])):
            for text in texts:
                weights.update(dict.fromkeys(words(text.replace("_", " ")), weight))
        weights.update(dict.fromkeys(_facets(summary), BODY))
        for word, weight in weights.items():
            self._found.setdefault(word, []).append(number * 4 + weight)

    def files(self) -> Iterator[tuple[str, str]]:
        """Every script of the index with its address below the site."""
        for start in range(0, len(self._leaves), LEAVES_A_PART):
            part = start // LEAVES_A_PART
            yield (
                f"search/leaves/{part}.js",
                _script(f"leaves/{part}", self._leaves[start : start + LEAVES_A_PART]),
            )
        parts: dict[str, list[str]] = {}
        for word in sorted(self._found):
            parts.setdefault(part_of(word), []).append(word)
        for name, held in parts.items():
            postings = [_steps(self._found[word]) for word in held]
            yield f"search/words/{name}.js", _script(f"words/{name}", [held, postings])
        head = {"leaves": len(self._leaves), "inAPart": LEAVES_A_PART, "parts": sorted(parts)}
        yield "search/head.js", _script("head", head)


def part_of(word: str) -> str:
    """The part of the index that holds a word: its first two letters, or the code of its first character."""
    return word[:2] if word.isascii() else f"u{ord(word[0]):x}"


def _steps(found: list[int]) -> list[int]:
    """Each as its distance from the one before: small numbers are short."""
    return [number - before for number, before in zip(found, [0, *found[:-1]], strict=True)]


def _script(name: str, value: object) -> str:
    """ASCII alone, so that nothing depends on how a file's encoding is guessed."""
    return f"seedbedPart({json.dumps(name)},{json.dumps(value, ensure_ascii=True, separators=(',', ':'))});\n"


def _line(summary: LeafSummary) -> list[object]:
    return [
        terminal_text(summary.name),
        leaf_page(summary.name),
        str(summary.standing),
        str(summary.kind) if summary.kind else "",
        summary.questions,
        summary.samples,
        terminal_text(summary.about),
    ]


def _about(facts: LeafFacts) -> Iterator[str]:
    if facts.leaf is not None:
        yield facts.leaf.task_description
        yield from filter(None, (facts.leaf.domain, facts.leaf.document_outline))
    yield from facts.authors


def _body(facts: LeafFacts) -> Iterator[str]:
    for seed in facts.leaf.seed_examples if facts.leaf else ():
        yield seed.context or ""
        for pair in seed.questions_and_answers:
            yield pair.question
            yield pair.answer
    if facts.attribution is not None:
        yield from facts.attribution.fields.values()
    for document in facts.documents:
        yield document.path
        yield document.text[:DOCUMENT_CHARACTERS]


def _facets(summary: LeafSummary) -> Iterator[str]:
    values: Mapping[str, Iterable[str | None]] = {
        "state": [summary.standing],
        "kind": [summary.kind],
        "branch": [summary.name.partition("/")[0]],
        "licence": [summary.licence],
        "author": summary.authors,
        "release": summary.releases,
    }
    for name, found in values.items():
        yield from (facet(name, value) for value in found if value)


def facet(name: str, value: str, *, exact: bool = False) -> str:
    """A word that finds all leaves of which `name` is `value`, such as `licence:cc-by-4.0`: one word without spaces.

    As a query it finds what begins with it too, unless it is `exact` (`licence=cc-by-4.0`).
    """
    return f"{name}{'=' if exact else ':'}{'-'.join(value.lower().split())}"
