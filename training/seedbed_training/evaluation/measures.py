"""Which leaf is scored how: by words, by likelihood or by a judge; one rule, which is printed with every result. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from seedbed_training.evaluation.score import (
    EXACT_WORDS,
    RULE,
    Case,
    CaseScore,
    LeafScore,
    Metric,
    exact_match,
    is_short,
    likelihood,
    mean_score,
    score_cases,
    telling,
    word_weights,
)


class Measure(StrEnum):
    """How a leaf is scored."""

    WORDS = "words"  # exact match or telling F1, by the length of each reference
    EXACT = "exact"
    F1 = "f1"
    LIKELIHOOD = "likelihood"
    JUDGE = "judge"


_TITLES = {
    Measure.EXACT: "exact match",
    Measure.F1: "F1 of telling words, in order",
    Measure.LIKELIHOOD: "likelihood of the reference, the mean probability of its tokens",
    Measure.WORDS: RULE,
}


@dataclass(frozen=True, slots=True)
class Measures:
    """The rule. `judge` is the name of who judges, None for nobody; `chosen` goes from a pattern of leaves to a measure,
    and the first that matches decides. It never names the judge where there is none."""

    judge: str | None = None
    chosen: tuple[tuple[str, Measure], ...] = ()

    def of(self, leaf: str, references: Sequence[str]) -> Measure:
        """The measure of one leaf: as chosen, else the judge where most references are long, else words."""
        for pattern, measure in self.chosen:
            if fnmatchcase(leaf, pattern):
                return measure
        return Measure.JUDGE if self.judge and mostly_long(references) else Measure.WORDS

    @property
    def rule(self) -> str:
        """The rule in a few words, for tables and model cards."""
        parts = [f"{pattern}: {self._title(measure)}" for pattern, measure in self.chosen]
        if self.judge:
            parts.append(
                f"{'other ' if parts else ''}leaves whose answers mostly have more than {EXACT_WORDS} words: "
                f"{self._title(Measure.JUDGE)}"
            )
        others = "all others: " if parts else ""
        return "; ".join([*parts, f"{others}{RULE}"])

    def _title(self, measure: Measure) -> str:
        if measure is Measure.JUDGE:
            return f"graded 1, 2 or 3 (0, 0.5, 1) by {self.judge}, who sees the reference"
        return _TITLES[measure]


WORDS_ALONE = Measures()


def mostly_long(references: Sequence[str]) -> bool:
    """Whether more than half of a leaf's references can well be said in other words."""
    return 2 * sum(not is_short(reference) for reference in references) > len(references)


def measure_name(score: LeafScore, judge: str | None) -> str:
    """What a leaf was scored by, for people: `exact match`, `exact match, telling F1`, `judge NAME`."""
    named = {Metric.JUDGE: f"judge {judge}"}
    return ", ".join(named.get(metric, metric.value) for metric in score.metrics)


def score_by(
    measure: Measure, leaf: str, cases: Sequence[Case], judged: Mapping[str, CaseScore]
) -> LeafScore:
    """The score of a leaf, of which there is a case at least; `judged` has its cases by sample if a judge is the measure."""
    return mean_score(leaf, _scored(measure, cases, judged))


def _scored(measure: Measure, cases: Sequence[Case], judged: Mapping[str, CaseScore]) -> Sequence[CaseScore]:
    match measure:
        case Measure.WORDS:
            return score_cases(cases)
        case Measure.EXACT:
            return [exact_match(case) for case in cases]
        case Measure.F1:
            weights = word_weights([case.reference for case in cases])
            return [telling(case, weights) for case in cases]
        case Measure.LIKELIHOOD:
            return [likelihood(case) for case in cases]
        case Measure.JUDGE:
            return [judged[case.sample] for case in cases]
