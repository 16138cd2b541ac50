"""Which leaf is scored how, and that the printed rule is the one that was used."""

from __future__ import annotations

import pytest

from seedbed.config.values import MEASURES
from seedbed_training.evaluation.measures import (
    WORDS_ALONE,
    Measure,
    Measures,
    measure_name,
    score_by,
)
from seedbed_training.evaluation.score import RULE, Case, CaseScore, Metric

SHORT = ["nine", "at ten", "the northern line"]
LONG = ["The ferry of the northern line leaves the harbour of Velm at nine"] * 3


def test_settings_and_measures_have_the_same_names() -> None:
    assert tuple(Measure) == MEASURES


def test_without_a_judge_words_decide() -> None:
    assert WORDS_ALONE.of("a/b", SHORT) is Measure.WORDS
    assert WORDS_ALONE.of("a/b", LONG) is Measure.WORDS
    assert WORDS_ALONE.rule == RULE


def test_a_judge_gets_the_leaves_with_mostly_long_answers() -> None:
    measures = Measures(judge="m")
    assert measures.of("a/b", SHORT) is Measure.WORDS
    assert measures.of("a/b", LONG) is Measure.JUDGE
    assert measures.of("a/b", [*SHORT, *LONG]) is Measure.WORDS
    assert measures.of("a/b", [*SHORT[:2], *LONG]) is Measure.JUDGE


def test_what_was_chosen_goes_first_and_the_rule_says_so() -> None:
    chosen = (("a/verse/*", Measure.JUDGE), ("a/*", Measure.LIKELIHOOD))
    measures = Measures("m@1", chosen)
    assert measures.of("a/verse/limericks", SHORT) is Measure.JUDGE
    assert measures.of("a/code/sql", LONG) is Measure.LIKELIHOOD
    assert measures.of("b/c", LONG) is Measure.JUDGE
    assert measures.rule == (
        "a/verse/*: graded 1, 2 or 3 (0, 0.5, 1) by m@1, who sees the reference; "
        "a/*: likelihood of the reference, the mean probability of its tokens; "
        "other leaves whose answers mostly have more than 8 words: graded 1, 2 or 3 (0, 0.5, 1) by m@1, who sees the "
        f"reference; all others: {RULE}"
    )


@pytest.mark.parametrize(
    ("measure", "score", "metric"),
    [
        (Measure.WORDS, 0.0, Metric.EXACT),
        (Measure.EXACT, 0.0, Metric.EXACT),
        (Measure.F1, 2 / 3, Metric.F1),
        (Measure.LIKELIHOOD, 0.5, Metric.LIKELIHOOD),
        (Measure.JUDGE, 1.0, Metric.JUDGE),
    ],
)
def test_each_measure(measure: Measure, score: float, metric: Metric) -> None:
    case = Case("s", "When?", "at nine", "nine", nats=0.6931471805599453)
    found = score_by(measure, "a/b", [case], {"s": CaseScore(case, 1.0, Metric.JUDGE)})
    assert found.score == pytest.approx(score)
    assert found.metrics == (metric,)


def test_a_reference_that_the_model_cannot_read_is_not_likely() -> None:
    assert score_by(Measure.LIKELIHOOD, "a/b", [Case("s", "q", "r", "r")], {}).score == 0.0


def test_measures_in_words() -> None:
    cases = [Case("1", "q", SHORT[0], ""), Case("2", "q", LONG[0], "")]
    assert measure_name(score_by(Measure.WORDS, "a/b", cases, {}), None) == "exact match, telling F1"
    judged = {case.sample: CaseScore(case, 0.0, Metric.NO_VERDICT) for case in cases}
    found = score_by(Measure.JUDGE, "a/b", cases, judged)
    assert (measure_name(found, "m@1"), found.without_verdict) == ("judge m@1", 2)
