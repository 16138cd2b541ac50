"""No other leaf asks nearly the same question.

Two wordings of one question in two leaves teach it twice, with answers that may disagree, and one leaf's score measures
the other's. Questions that differ in a name, a number or their subject are different ones. A change to a taxonomy of more than a thousand leaves is
compared with the thousand that are nearest; `seedbed check --all` compares all.

Warns: "What is the capital city of France?" when another leaf asks "What is the capital of France?"

Passes: "What is the capital of Norway?"

To fix it: reword the question, or add your seeds to the other leaf.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from seedbed.checking.finding import Finding, Related, Severity
from seedbed.checking.other_leaves import OtherQuestion
from seedbed.checking.questions import shingles
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import exchanges, normal, words_of
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB502"
SEVERITY = Severity.WARNING
LEAST_SIMILARITY = 0.7

_SIGNS = re.compile(r"[+*/=<>^%#$€£&|~-]")
_FUNCTION_WORDS = frozenset(
    "a an and are as at be by can could d did do does for from give how i in is it its me my of on or please s some that "
    "the their there these this those to us was were what when where which who why will with would you your".split()
)


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Look for each question without a context; one that is asked word for word elsewhere is another rule's (SB501)."""
    for exchange in exchanges(leaf):
        if exchange.question is None or exchange.context is not None:
            continue
        found = _nearest(exchange.question, leaf, around)
        if found is None:
            continue
        similarity, other = found
        yield Finding(
            CODE,
            SEVERITY,
            leaf.path,
            leaf.span(exchange.question_path),
            f"the leaf `{other.leaf}` asks nearly the same ({similarity:.0%} alike); the two answers would compete",
            exchange.question_path,
            exchange.question[:80],
            "reword it, or add your seeds to that leaf",
            related=(Related(other.path, other.span, "asked here"),),
        )


def _nearest(question: str, leaf: LeafFile, around: Surroundings) -> tuple[float, OtherQuestion] | None:
    """The most similar question of another leaf and how similar it is; None where one asks the very same."""
    best: tuple[float, OtherQuestion] | None = None
    for other in around.tree.others.near_questions(question, near=leaf.path, whole=around.whole):
        if other.path == leaf.path or other.grounded:
            continue
        if normal(other.question) == normal(question):
            return None
        similarity = likeness(question, other.question)
        if similarity >= LEAST_SIMILARITY and (best is None or similarity > best[0]):
            best = (similarity, other) if around.tells_of(other.path) else best
    return best


def likeness(first: str, second: str) -> float:
    """How alike two questions are, 0…1: their shared words and pairs of words (Jaccard), and 0 for different ones.

    They are different when numbers, signs or names differ, or when each has a word of meaning that the other lacks.
    """
    one, two = words_of(first), words_of(second)
    if _fixed(first) != _fixed(second) or (_meaning(one, two) and _meaning(two, one)):
        return 0.0
    mine, theirs = shingles(one), shingles(two)
    return len(mine & theirs) / len(mine | theirs)


def _fixed(text: str) -> Counter[str]:
    """Numbers, signs, and words with a capital that do not begin a sentence."""
    names = re.findall(r"(?<=[\w,;:'\"] )[A-Z]\w+", text)
    return Counter([*re.findall(r"\d+", text), *_SIGNS.findall(text), *names])


def _meaning(mine: list[str], theirs: list[str]) -> set[str]:
    """Words of meaning that only the first has; the beginning of a word counts as the word."""
    stems = {_stem(word) for word in theirs}
    return {word for word in mine if _stem(word) not in stems and word not in _FUNCTION_WORDS}


def _stem(word: str) -> str:
    return (word[:-1] if len(word) > 3 and word[-1] == "s" else word)[:5]
