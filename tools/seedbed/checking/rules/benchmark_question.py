"""No question stands in a benchmark that the model is measured by.

A model that was taught the questions of its examination passes without knowing the subject. `[check] benchmarks` in
`seedbed.toml` names lists of such questions. Thirteen words in a row that stand in one are taken as copied (the measure
of the GPT-3 paper, appendix C); a shorter question, of five words or more, when it stands there as a whole.

Fails: a question of a list, word for word

Passes: a question of your own about the same subject

To fix it: replace the seed.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.benchmark_lists import place_in_benchmarks
from seedbed.checking.finding import Finding, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import exchanges, place_of
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB504"
SEVERITY = Severity.ERROR


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Look up every run of thirteen words, and whole questions that are shorter."""
    if not around.benchmark_texts:
        return
    for exchange in exchanges(leaf):
        place = place_in_benchmarks(exchange.question or "", around.benchmark_texts)
        if place is not None:
            yield Finding(
                CODE,
                SEVERITY,
                leaf.path,
                place_of(leaf, exchange.question_path, exchange.question or ""),
                f"this question stands in a benchmark ({place}); a model that was taught it cannot be measured by it",
                exchange.question_path,
                (exchange.question or "")[:80],
                "replace it by a question of your own",
            )
