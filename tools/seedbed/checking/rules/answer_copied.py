"""An answer is more than a piece of its question.

A freeform answer that stands word for word in its question, and makes up most of it, teaches the model to repeat. Where
the task is to pick something out of a text, the answer is a small part of the question, and is no finding.

Warns:

    question: Is it true that the tide rises and falls twice each day on most coasts?
    answer: the tide rises and falls twice each day on most coasts

Passes:

    question: Is it true that the tide rises and falls twice each day on most coasts?
    answer: Yes. Most coasts see two high and two low waters in each lunar day.

To fix it: write what the model should answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seedbed.checking.finding import Finding, Related, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import exchanges, place_of, words_of
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB311"
SEVERITY = Severity.WARNING
FEWEST_WORDS = 6
_FIRST_WORD = re.compile(r"\w+")
SMALLEST_SHARE = 0.6  # of the question's words; below it the answer was picked out of a longer text


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Look for each answer within its question; an equal one is another rule's (SB303)."""
    for exchange in exchanges(leaf):
        first_word = _FIRST_WORD.search(exchange.said)
        if first_word is None or first_word.group() not in exchange.asked:
            continue  # most answers begin in their own way
        asked, said = words_of(exchange.question or ""), words_of(exchange.answer or "")
        if len(said) < FEWEST_WORDS or not SMALLEST_SHARE * len(asked) <= len(said) < len(asked):
            continue
        if f" {' '.join(said)} " not in f" {' '.join(asked)} ":
            continue
        answer = exchange.answer or ""
        yield Finding(
            CODE,
            SEVERITY,
            leaf.path,
            leaf.span(exchange.answer_path),
            "the answer is copied from its question; the model would learn to repeat",
            exchange.answer_path,
            answer[:80],
            "write what the model should answer",
            related=(
                Related(
                    leaf.path, place_of(leaf, exchange.question_path, answer.strip(" .")), "copied from here"
                ),
            ),
        )
