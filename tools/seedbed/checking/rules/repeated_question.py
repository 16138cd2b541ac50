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
from seedbed.checking.texts import Exchange, exchanges
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB305"
SEVERITY = Severity.WARNING


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Group questions under the same context; full copies are another rule's (SB304). One finding for each question."""
    groups: dict[tuple[str, str], list[Exchange]] = {}
    for exchange in exchanges(leaf):
        if exchange.asked:
            groups.setdefault((exchange.asked, exchange.about), []).append(exchange)
    for group in groups.values():
        if len(group) == 1:
            continue
        distinct = {exchange.said: exchange for exchange in reversed(group)}
        first, *later = sorted(distinct.values(), key=lambda exchange: leaf.span(exchange.question_path))
        if later:
            yield _finding(leaf, first, later)


def _finding(leaf: LeafFile, first: Exchange, later: list[Exchange]) -> Finding:
    question = later[0].question or ""
    others = f"; so it is in {len(later) - 1} more" if len(later) > 1 else ""
    return Finding(
        CODE,
        SEVERITY,
        leaf.path,
        leaf.span(later[0].question_path),
        f"this question is asked in the leaf already, with another answer{others}",
        later[0].question_path,
        question[:80],
        "word it differently, or remove one of the two if the second answer is not meant",
        related=(Related(leaf.path, leaf.span(first.question_path), "first here"),),
    )
