"""A question is asked once in a leaf.

Two answers to one question can be meant: a creative skill has many right answers. Mostly one of them was left behind
by copying. In a grounded skill the same question about another context is what is wanted, and is no finding.

Warns: the same question in seeds 1 and 4, with different answers.

Passes: two wordings of it.

To fix it: word one of the two differently, or remove it.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Related, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import Exchange, exchanges, normal
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB305"
SEVERITY = Severity.WARNING


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Compare every question with those before it under the same context; full copies are another rule's (SB304)."""
    first: dict[tuple[str, str], Exchange] = {}
    for exchange in exchanges(leaf):
        if not exchange.question or not normal(exchange.question):
            continue
        earlier = first.setdefault((normal(exchange.question), normal(exchange.context or "")), exchange)
        if earlier is exchange or normal(earlier.answer or "") == normal(exchange.answer or ""):
            continue
        yield Finding(
            CODE,
            SEVERITY,
            leaf.path,
            leaf.span(exchange.question_path),
            "this question is asked in the leaf already, with another answer",
            exchange.question_path,
            exchange.question[:80],
            "word it differently, or remove one of the two if the second answer is not meant",
            related=(Related(leaf.path, leaf.span(earlier.question_path), "first here"),),
        )
