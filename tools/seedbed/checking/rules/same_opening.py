"""Questions do not all begin with the same words.

The teacher imitates what the seeds share. When every question opens alike, so will every sample, and the model learns
the task in that wording alone. People ask in many ways.

Hints: five questions that all begin with "Write a short poem about the".

Passes: "Write a short poem about the sea." beside "I need four lines on autumn, please."

To fix it: word some of the questions as other people would.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import exchanges, shown
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB313"
SEVERITY = Severity.HINT
FEWEST_QUESTIONS = 4
FEWEST_WORDS = 6


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Compare the first words of all questions; where a context differs, the same question is fine."""
    asked = [exchange for exchange in exchanges(leaf) if exchange.question and exchange.question.strip()]
    if len(asked) < FEWEST_QUESTIONS or any(exchange.context is not None for exchange in asked):
        return
    if len({(exchange.question or "").split(None, 1)[0] for exchange in asked}) > 1:
        return
    together = zip(*((exchange.question or "").split() for exchange in asked), strict=False)
    opening = [words[0] for words in takewhile(lambda words: len(set(words)) == 1, together)]
    distinct = {exchange.question for exchange in asked}
    if len(opening) < FEWEST_WORDS or len(distinct) < FEWEST_QUESTIONS:
        return
    words = " ".join(opening)
    first = asked[0].question_path
    yield Finding(
        CODE,
        SEVERITY,
        leaf.path,
        leaf.span(first),
        f"all {len(asked)} questions begin with {shown(words)}; the model would learn the task in that wording alone",
        ("seed_examples",),
        words[:80],
        "word some of them as other people would",
    )
