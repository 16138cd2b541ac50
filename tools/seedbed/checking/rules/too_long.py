"""Seeds are short enough to be shown to a teacher together.

A context has at most 500 words, a question with its answer at most 250, a whole seed at most 2,300 (InstructLab taxonomy
guide); where words are long or not parted by spaces, 8 characters count as a word. Several seeds share one prompt; longer
ones push each other out of the teacher's context and slow every request.

Warns: an answer of 600 words, or of one word of 50,000 letters.

Passes: the same said in 200, or split into two seeds.

To fix it: shorten the text, or split the seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import exchanges, seeds
from seedbed.taxonomy.leaf import LeafFile, YamlPath

CODE = "SB307"
SEVERITY = Severity.WARNING
CONTEXT_WORDS = 500
EXCHANGE_WORDS = 250
SEED_WORDS = 2300
CHARACTERS_PER_WORD = 8
"""With its space; English prose has 6, and the longest seeds of public taxonomies that keep to the words have 7."""


@dataclass(frozen=True, slots=True)
class _Length:
    """How much text there is, by both measures."""

    words: int = 0
    characters: int = 0

    def __add__(self, other: _Length) -> _Length:
        return _Length(self.words + other.words, self.characters + other.characters)

    def beyond(self, words: int) -> str | None:
        """What is too much for a limit of so many words, and the limit; None when it keeps to it."""
        if self.words > words:
            return f"{self.words:,} words; more than {words:,}"
        characters = words * CHARACTERS_PER_WORD
        if self.characters > characters:
            return f"{self.characters:,} characters; more than {characters:,}"
        return None


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Measure each part; a whole seed only when none of its parts is too long by itself."""
    told = set()
    for finding in _parts(leaf):
        told.add(finding.yaml_path[:2])
        yield finding
    totals: dict[YamlPath, _Length] = {}
    for exchange in exchanges(leaf):
        seed_path = exchange.yaml_path[:2]
        totals.setdefault(seed_path, _length(exchange.context))
        totals[seed_path] += _length(exchange.question) + _length(exchange.answer)
    for path, length in totals.items():
        if path not in told and (excess := length.beyond(SEED_WORDS)) is not None:
            message = f"this seed has {excess} leave a prompt no room for others"
            help = "split it: the same context can stand in two seeds with other questions"
            yield Finding(
                CODE, SEVERITY, leaf.path, leaf.key_span((*path, "context")), message, path, "seed", help
            )


def too_long_parts(leaf: LeafFile) -> list[YamlPath]:
    """Where a context, or a question with its answer, is too long by itself."""
    return [finding.yaml_path for finding in _parts(leaf)]


def _length(text: str | None) -> _Length:
    return _Length() if text is None else _Length(len(text.split()), len(text))


def _parts(leaf: LeafFile) -> Iterator[Finding]:
    seen: set[str] = set()
    for path, seed in seeds(leaf):
        context = seed.get("context")
        if isinstance(context, str) and context in seen:
            continue  # the same passage with other questions was told where it stands first
        seen.add(str(context))
        excess = _length(context).beyond(CONTEXT_WORDS) if isinstance(context, str) else None
        if excess is not None:
            where = (*path, "context")
            message = f"the context has {excess} crowd out other seeds in a prompt"
            help = "keep the part that the questions need"
            yield Finding(CODE, SEVERITY, leaf.path, leaf.key_span(where), message, where, "context", help)
    for exchange in exchanges(leaf):
        excess = (_length(exchange.question) + _length(exchange.answer)).beyond(EXCHANGE_WORDS)
        if excess is not None:
            where = exchange.answer_path if exchange.answer else exchange.question_path
            message = f"question and answer have {excess} crowd out other seeds"
            help = "shorten them, or split the seed"
            yield Finding(CODE, SEVERITY, leaf.path, leaf.key_span(where), message, where, "exchange", help)
