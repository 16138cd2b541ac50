"""The gate: what it refuses, and that it says why."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed_training.evaluation.gate import (
    LeafOutcome,
    Limits,
    judge,
    outcome,
    passed_in_words,
)
from seedbed_training.evaluation.score import Case, CaseScore, LeafScore, Metric, mean_score


def leaf_score(values: Sequence[float]) -> LeafScore:
    cases = tuple(
        CaseScore(Case(f"s{i}", "q", "r", "a"), value, Metric.EXACT) for i, value in enumerate(values)
    )
    return LeafScore("a/old", sum(values) / len(values), 0, 1, cases)


def old(before: Sequence[float], after: Sequence[float]) -> LeafOutcome:
    return outcome("a/old", fresh=False, score=leaf_score(after), parent=leaf_score(before))


def test_a_learned_leaf_and_a_kept_one_pass() -> None:
    fresh = outcome("a/new", fresh=True, score=leaf_score([1, 1, 0]), parent=None)
    assert judge([fresh, old([1, 1, 1], [1, 1, 1])], Limits()).passed


def test_a_fresh_leaf_that_was_not_learned() -> None:
    verdict = judge([LeafOutcome("a/new", True, 0.4)], Limits())
    assert verdict.reasons == ("a/new: not learned, 0.40 is below the minimum of 0.50",)
    assert judge([LeafOutcome("a/new", True, 0.5)], Limits()).passed


def test_a_judge_that_says_nothing_does_not_pass_for_a_model_that_learned_nothing() -> None:
    silent = [CaseScore(Case(f"s{n}", "q", "r", "a"), 0.0, Metric.NO_VERDICT) for n in range(3)]
    verdict = judge([outcome("a/new", fresh=True, score=mean_score("a/new", silent), parent=None)], Limits())
    (reason,) = verdict.reasons
    assert reason == (
        "a/new: not learned, 0.00 (0.00 to 0.56 at 95 %, 3 cases) is below the minimum of 0.50; "
        "the judge gave no verdict on 3 of 3 answers, which count 0"
    )


def test_a_fresh_leaf_that_cannot_be_judged() -> None:
    assert not judge([outcome("a/new", fresh=True, score=None, parent=None)], Limits()).passed


def test_an_old_leaf_that_fell() -> None:
    verdict = judge([old([1.0] * 30, [1.0] * 20 + [0.0] * 10)], Limits(maximum_drop=0.05))
    assert not verdict.passed
    assert verdict.reasons[0].startswith("a/old: fell from 1.00 to 0.67, by 0.33")
    assert verdict.reasons[1] == "the only old leaf fell by 0.33; the limit is 0.05"


def test_a_fall_that_chance_explains_is_not_held_against_one_leaf() -> None:
    steady = [LeafOutcome(f"a/steady-{n}", False, 1.0, 1.0, 0.0) for n in range(3)]
    verdict = judge([old([1.0] * 30, [1.0] * 28 + [0.0] * 2), *steady], Limits(maximum_drop=0.05))
    assert verdict.passed


@pytest.mark.parametrize(("lost", "passes"), [(1, True), (2, True), (3, True), (4, False)])
def test_a_few_cases_prove_no_fall(lost: int, passes: bool) -> None:
    """As McNemar's test has it: of cases that changed, chance turns as many to the better as to the worse."""
    steady = [LeafOutcome(f"a/steady-{n}", False, 1.0, 1.0, 0.0) for n in range(30)]
    verdict = judge([old([1.0] * lost, [0.0] * lost), *steady], Limits(maximum_drop=0.05))
    assert verdict.passed is passes


def test_a_limit_that_is_met_exactly_is_not_exceeded() -> None:
    verdict = judge(
        [old([1.0] * 20, [1.0] * 19 + [0.0])], Limits(maximum_drop=0.05)
    )  # 1 - 0.95 > 0.05 in floats
    assert verdict.passed, verdict.reasons
    assert judge([LeafOutcome("a/new", True, 0.1 + 0.2)], Limits(minimum_score=0.3)).passed


def test_figures_that_differ_are_shown_apart() -> None:
    reasons = judge(
        [LeafOutcome("a/new", True, 0.496), LeafOutcome("a/old", False, 0.9479, 1.0, 0.01)], Limits()
    ).reasons
    assert reasons == (
        "a/new: not learned, 0.496 is below the minimum of 0.500",
        "a/old: fell from 1.00 to 0.95, by 0.052 (at least 0.01 at 95 %); the limit is 0.050",
        "the only old leaf fell by 0.052; the limit is 0.050",
    )


def test_many_small_falls_add_up() -> None:
    leaves = [LeafOutcome(f"a/{n}", False, 0.93, 1.0, 0.0) for n in range(9)]
    verdict = judge(leaves, Limits(maximum_drop=0.05))
    assert verdict.reasons == ("the 9 old leaves fell by 0.07 on the mean; the limit is 0.05",)


def test_a_pass_in_words() -> None:
    outcomes = [
        LeafOutcome("a/new", True, 0.9),
        LeafOutcome("a/newer", True, 0.7),
        LeafOutcome("a/old", False, 0.92, 1.0, 0.0),
        LeafOutcome("a/steady", False, 1.0, 1.0, 0.0),
        LeafOutcome("a/unknown", False, None),
    ]
    assert passed_in_words(outcomes, Limits()).splitlines() == [
        "fresh leaves (2): mean 0.80, least 0.70 for a/newer (minimum 0.50)",
        "old leaves (2): mean fell by 0.04, a/old most, by 0.08, no more than chance may do (limit 0.05)",
        "not judged (1): nothing was held out",
    ]
    assert passed_in_words(outcomes[3:4], Limits()) == (
        "old leaves (1): mean fell by 0.00, none of them (limit 0.05)"
    )


def test_unlike_questions_are_a_defect() -> None:
    with pytest.raises(AssertionError):
        outcome("a/old", fresh=False, score=leaf_score([1.0]), parent=leaf_score([1.0, 1.0]))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.floats(0, 1))
def test_no_leaf_that_stayed_or_rose_is_refused(values: list[float], limit: float) -> None:
    risen = [min(1.0, value + 0.1) for value in values]
    assert judge([old(values, risen)], Limits(maximum_drop=limit)).passed
