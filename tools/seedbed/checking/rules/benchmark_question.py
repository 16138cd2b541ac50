"""No question stands in a benchmark that the model is measured by.

A model that was taught the questions of its examination passes without knowing the subject. `[check] benchmarks` in
`seedbed.toml` names lists of such questions. Thirteen words in a row that stand in one are taken as copied (the measure
of the GPT-3 paper, appendix C); a shorter question, of five words or more, when it stands there as a whole.

Fails: a question of a list, word for word

Passes: a question of your own about the same subject

To fix it: replace the seed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import exchanges, place_of, words_of
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB504"
SEVERITY = Severity.ERROR
IN_A_ROW = 13
FEWEST_WORDS = 5


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Look up every run of thirteen words, and whole questions that are shorter."""
    if not around.benchmark_texts:
        return
    known = _runs_of(around.benchmark_texts)
    for exchange in exchanges(leaf):
        words = words_of(exchange.question or "")
        place = next((known[run] for run in _runs(words) if run in known), None)
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


def _runs(words: list[str]) -> Iterator[str]:
    """Every run of thirteen words; of fewer words, all of them, if there are five."""
    if FEWEST_WORDS <= len(words) < IN_A_ROW:
        yield " ".join(words)
    for start in range(len(words) - IN_A_ROW + 1):
        yield " ".join(words[start : start + IN_A_ROW])


@lru_cache(maxsize=4)
def _runs_of(texts: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """Each run of words of the lists' questions, and the file and line of the first that has it."""
    runs: dict[str, str] = {}
    for path, text in texts:
        for number, line in enumerate(text.splitlines(), start=1):
            for run in _runs(words_of(_question(line))):
                runs.setdefault(run, f"`{path}`, line {number}")
    return runs


def _question(line: str) -> str:
    """The question of one line: that of a JSON object, or the line itself."""
    if not line.lstrip().startswith("{"):
        return line
    try:
        entry = json.loads(line)
    except ValueError:
        return line  # a question may begin with a brace
    question = entry.get("question")
    return question if isinstance(question, str) else ""
