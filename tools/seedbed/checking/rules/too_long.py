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


def _beyond(most: int, *texts: str | None) -> str | None:
    """What of the texts is too much for a limit of `most` words, and the limit; None when they keep to it."""
    characters = sum(len(text) for text in texts if text is not None)
    if characters < 2 * most:
        return None  # a word and its space are two characters
    words = sum(len(text.split()) for text in texts if text is not None)
    if words > most:
        return f"{words:,} words; more than {most:,}"
    if characters > most * CHARACTERS_PER_WORD:
        return f"{characters:,} characters; more than {most * CHARACTERS_PER_WORD:,}"
    return None


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Measure each part; a whole seed only when none of its parts is too long by itself."""
    told = set()
    for finding in _parts(leaf):
        told.add(finding.yaml_path[:2])
        yield finding
    wholes: dict[YamlPath, list[str | None]] = {}
    for exchange in exchanges(leaf):
        whole = wholes.setdefault(exchange.yaml_path[:2], [exchange.context])
        whole += exchange.question, exchange.answer
    for path, texts in wholes.items():
        if path not in told and (excess := _beyond(SEED_WORDS, *texts)) is not None:
            message = f"this seed has {excess} leave a prompt no room for others"
            help = "split it: the same context can stand in two seeds with other questions"
            yield Finding(
                CODE, SEVERITY, leaf.path, leaf.key_span((*path, "context")), message, path, "seed", help
            )


def too_long_parts(leaf: LeafFile) -> list[YamlPath]:
    """Where a context, or a question with its answer, is too long by itself."""
    return [finding.yaml_path for finding in _parts(leaf)]


def _parts(leaf: LeafFile) -> Iterator[Finding]:
    seen: set[str] = set()
    for path, seed in seeds(leaf):
        context = seed.get("context")
        if isinstance(context, str) and context in seen:
            continue  # the same passage with other questions was told where it stands first
        seen.add(str(context))
        excess = _beyond(CONTEXT_WORDS, context) if isinstance(context, str) else None
        if excess is not None:
            where = (*path, "context")
            message = f"the context has {excess} crowd out other seeds in a prompt"
            help = "keep the part that the questions need"
            yield Finding(CODE, SEVERITY, leaf.path, leaf.key_span(where), message, where, "context", help)
    for exchange in exchanges(leaf):
        excess = _beyond(EXCHANGE_WORDS, exchange.question, exchange.answer)
        if excess is not None:
            where = exchange.answer_path if exchange.answer else exchange.question_path
            message = f"question and answer have {excess} crowd out other seeds"
            help = "shorten them, or split the seed"
            yield Finding(CODE, SEVERITY, leaf.path, leaf.key_span(where), message, where, "exchange", help)
