"""No seed stands twice in a leaf.

A seed with the same context, question and answer as another adds no variety, and counts as one of the five seeds that
the format asks for without being one.

Fails: seed 4 with the very words of seed 1.

Passes: five seeds that differ.

To fix it: replace the copy by a new seed.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Related, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import Exchange, exchanges
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB304"
SEVERITY = Severity.ERROR


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Compare every exchange with those before it."""
    first: dict[tuple[str, str, str], Exchange] = {}
    for exchange in exchanges(leaf):
        if not exchange.question or not exchange.answer:
            continue
        earlier = first.setdefault((exchange.asked, exchange.said, exchange.about), exchange)
        if earlier is not exchange:
            yield Finding(
                CODE,
                SEVERITY,
                leaf.path,
                leaf.span(exchange.question_path),
                "this question and answer stand in the leaf already, word for word",
                exchange.yaml_path,
                exchange.question[:80],
                "replace it by another seed, or remove it",
                related=(Related(leaf.path, leaf.span(earlier.question_path), "first here"),),
            )
