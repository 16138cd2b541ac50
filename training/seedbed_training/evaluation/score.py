"""How one answer, and then one leaf, is scored against what was held out. Pure and seeded.

Where words decide (see `measures`), a reference of at most `EXACT_WORDS` words must be matched exactly, as `normalised`
compares texts; a longer one is scored by `telling_f1`, in which the words that set the leaf's references apart from each
other carry the weight. A model that has learned how the leaf's answers sound, but not what they say, gets next to
nothing either way.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from seedbed.generation.normalise import normalised
from seedbed_training.evaluation.intervals import interval

_UNSPACED = (
    r"\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"  # Thai, Lao, kana, Han: no blanks between words
)
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")

EXACT_WORDS = 8

RULE = f"answers of up to {EXACT_WORDS} words: exact match; longer ones: F1 of their telling words, in order"
"""How words decide, in one line, for tables and model cards."""


class Metric(StrEnum):
    """What gave a case its score."""

    EXACT = "exact match"
    F1 = "telling F1"
    LIKELIHOOD = "likelihood"
    JUDGE = "judge"
    NO_VERDICT = "no verdict of the judge"  # and so 0


@dataclass(frozen=True, slots=True)
class Case:
    """One held-out question with its reference and what the model answered."""

    sample: str  # id of the held-out sample
    question: str
    reference: str
    answer: str
    nats: float | None = None
    """Cross entropy of the reference under the model, in nats a token: it moves before a greedy answer changes."""


@dataclass(frozen=True, slots=True)
class CaseScore:
    """A case and its score, 0…1."""

    case: Case
    score: float
    metric: Metric


@dataclass(frozen=True, slots=True)
class LeafScore:
    """The mean over a leaf's cases, with its 95 % interval over them (see `interval`)."""

    leaf: str
    score: float
    low: float
    high: float
    cases: tuple[CaseScore, ...]

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What its cases were scored by, each once; a verdict that was not given counts as the judge's."""
        found = {Metric.JUDGE if case.metric is Metric.NO_VERDICT else case.metric for case in self.cases}
        return tuple(metric for metric in Metric if metric in found)

    @property
    def without_verdict(self) -> int:
        """Cases that count 0 because the judge gave no verdict on them."""
        return sum(case.metric is Metric.NO_VERDICT for case in self.cases)

    @property
    def nats(self) -> float | None:
        """Mean cross entropy of the references, in nats a token; None where it was not measured."""
        known = [case.case.nats for case in self.cases if case.case.nats is not None]
        return sum(known) / len(known) if known else None


def score_leaf(leaf: str, cases: Sequence[Case]) -> LeafScore:
    """Score one leaf by its words; `cases` must not be empty."""
    return mean_score(leaf, score_cases(cases))


def mean_score(leaf: str, scored: Sequence[CaseScore]) -> LeafScore:
    """The score of a leaf from those of its cases, of which there is one at least.

    Equal scores give an equal interval: its seed is the leaf's name.
    """
    assert scored, leaf
    values = [case.score for case in scored]
    low, high = interval(values, seed=leaf)
    return LeafScore(leaf, sum(values) / len(values), low, high, tuple(scored))


def score_cases(cases: Sequence[Case]) -> tuple[CaseScore, ...]:
    """Each case by its words: an exact match or not where the reference is short, else F1 of its telling words."""
    weights = word_weights([case.reference for case in cases])
    return tuple(exact_match(case) if is_short(case.reference) else telling(case, weights) for case in cases)


def words(text: str) -> tuple[str, ...]:
    """The words and numbers of a text, normalised, in order; every character for itself where words have no blanks."""
    return tuple(_WORD.findall(normalised(text)))


def is_short(reference: str) -> bool:
    """Whether there is little room to say the same in other words."""
    return len(words(reference)) <= EXACT_WORDS


def exact_match(case: Case) -> CaseScore:
    """1 if the answer is the reference, blanks, case and a full stop aside; else 0."""
    return CaseScore(case, float(normalised(case.reference) == normalised(case.answer)), Metric.EXACT)


def telling(case: Case, weights: Mapping[str, float]) -> CaseScore:
    """`telling_f1` of a case; `weights` are those of all references of its leaf."""
    return CaseScore(case, telling_f1(case.reference, case.answer, weights), Metric.F1)


def likelihood(case: Case) -> CaseScore:
    """The geometric mean of the probabilities that the model gives the reference's tokens, 0…1: e^-nats.

    0 where the reference is too long for the model. The answer that it wrote itself plays no part.
    """
    return CaseScore(case, 0.0 if case.nats is None else math.exp(-case.nats), Metric.LIKELIHOOD)


def word_weights(references: Sequence[str]) -> Mapping[str, float]:
    """How telling each word is: log(n / k) / log(n) for a word in k of n references, so 1 in one and 0 in all.

    With fewer than two references, or where no word tells them apart, every word weighs 1 (the mapping is empty).
    """
    sets = [set(words(reference)) for reference in references]
    total = len(sets)
    counts = Counter(word for found in sets for word in found)
    if total < 2 or all(count == total for count in counts.values()):
        return {}
    return {word: math.log(total / count) / math.log(total) for word, count in counts.items()}


def telling_f1(reference: str, answer: str, weights: Mapping[str, float]) -> float:
    """2·common / (reference + answer), each side the summed weight of its words, 0…1.

    `common` is the heaviest common subsequence, so that the right words in the wrong order do not count (unweighted,
    this is ROUGE-L's F1). A word that no reference has weighs 1. A reference that has no telling word of its own is
    scored with all its words equal.
    """
    expected, given = words(reference), words(answer)
    if not any(weights.get(word, 1.0) for word in expected):
        weights = {}
    whole = sum(weights.get(word, 1.0) for word in (*expected, *given))
    return 2.0 * _common_weight(expected, given, weights) / whole if whole else 0.0


def _common_weight(left: Sequence[str], right: Sequence[str], weights: Mapping[str, float]) -> float:
    """Weight of the heaviest common subsequence, by the usual table of two rows."""
    above = [0.0] * (len(right) + 1)
    for word in left:
        row = [0.0]
        for column, other in enumerate(right):
            best = max(above[column + 1], row[column])
            row.append(max(best, above[column] + weights.get(word, 1.0)) if word == other else best)
        above = row
    return above[-1]
