"""An answer says something else than its question.

A seed whose answer repeats the question teaches the model to parrot. In a skill such as correcting text, a seed that
is right already is fine: then the warning can stand.

Warns:

    question: What is a tide?
    answer: What is a tide?

Passes:

    question: What is a tide?
    answer: The sea rising and falling.

To fix it: write the answer.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Related, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import exchanges
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB303"
SEVERITY = Severity.WARNING


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Compare each answer with its question, whatever their case and spacing."""
    told = {fault.yaml_path for fault in leaf.faults}
    for exchange in exchanges(leaf):
        if exchange.asked != exchange.said or not exchange.asked or exchange.answer_path in told:
            continue  # two missing texts are alike, but that is not what is wrong with them
        yield Finding(
            CODE,
            SEVERITY,
            leaf.path,
            leaf.span(exchange.answer_path),
            "the answer repeats its question; the model would learn to parrot",
            exchange.answer_path,
            (exchange.answer or "")[:80],
            "write what the model should answer",
            related=(Related(leaf.path, leaf.span(exchange.question_path), "the question"),),
        )
