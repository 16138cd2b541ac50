"""No other leaf asks the very same question.

Two leaves with one question compete: the model is shown two answers, and the score of one leaf measures the other.
For a grounded skill, where the context differs, that is fine and no finding. A change to a taxonomy of more than a
thousand leaves is compared with the thousand that are nearest; `seedbed check --all` compares all.

Warns: the question of another leaf, word for word.

Passes: a question that names what this leaf is about.

To fix it: reword the question, or add your seeds to the other leaf.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Related, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import exchanges
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB501"
SEVERITY = Severity.WARNING


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Look for each question without a context of its own in the other leaves."""
    asked: set[str] = set()
    for exchange in exchanges(leaf):
        if exchange.question is None or exchange.context is not None or exchange.asked in asked:
            continue
        asked.add(exchange.asked)
        others = around.tree.others.same_question(exchange.question, near=leaf.path, whole=around.whole)
        other = next((o for o in others if o.path != leaf.path and around.tells_of(o.path)), None)
        if other is not None:
            yield Finding(
                CODE,
                SEVERITY,
                leaf.path,
                leaf.span(exchange.question_path),
                f"the leaf `{other.leaf}` asks the same question; the two answers would compete",
                exchange.question_path,
                exchange.question[:80],
                "reword it, or add your seeds to that leaf",
                related=(Related(other.path, other.span, "asked here"),),
            )
