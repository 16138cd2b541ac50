"""The answer of a knowledge seed can be found in its context.

Answers of knowledge leaves are what the documents say. The teacher imitates a seed whose answer brings facts from
elsewhere, and its samples are then dropped by the judge, or teach what no document supports. Only words are compared, so
an answer in other words can be right: this is a hint.

Hints: an answer of which hardly a word of meaning stands in the context

Passes: an answer that uses the words of the context

To fix it: answer from the context, or take more of the document into it.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Related, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import exchanges, is_placeholder, words_of
from seedbed.taxonomy.leaf import BRANCHES, LeafFile

CODE = "SB406"
SEVERITY = Severity.HINT
FEWEST_WORDS = 6
SMALLEST_SHARE = 0.25
SHORTEST_WORD = 4


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Look for the beginnings of the answer's longer words in the context and the question."""
    if leaf.name.split("/", 1)[0] != BRANCHES[0]:
        return
    for exchange in exchanges(leaf):
        if not exchange.context or not exchange.answer or is_placeholder(exchange.context):
            continue
        wanted = _stems(exchange.answer)
        known = _stems(exchange.context) | _stems(exchange.question or "")
        if len(wanted) < FEWEST_WORDS or len(wanted & known) >= SMALLEST_SHARE * len(wanted):
            continue
        context = (*_seed_of(exchange.yaml_path), "context")
        yield Finding(
            CODE,
            SEVERITY,
            leaf.path,
            leaf.span(exchange.answer_path),
            f"{len(wanted & known)} of this answer's {len(wanted)} longer words stand in its context; an answer says "
            "what the document says",
            exchange.answer_path,
            exchange.answer[:80],
            "answer from the context, or take more of the document into it",
            related=(Related(leaf.path, leaf.key_span(context), "the context"),),
        )


def _seed_of(path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    return path[:2]


def _stems(text: str) -> set[str]:
    """The first five letters of each longer word: close enough to compare endings away."""
    return {word[:5] for word in words_of(text) if len(word) >= SHORTEST_WORD}
