"""Intervals of a mean over few cases: how wide they must be, and how often they hold the truth."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed_training.evaluation.intervals import bootstrap_interval, interval, least_drop

SCORES = st.floats(0, 1) | st.sampled_from([0.0, 0.5, 1.0])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.text(max_size=3))
def test_a_bootstrap_is_repeatable_and_within_its_values(values: list[float], seed: str) -> None:
    low, high = bootstrap_interval(values, seed=seed)
    assert (low, high) == bootstrap_interval(values, seed=seed)
    assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9


def test_a_bootstrap_is_as_wide_as_theory_says() -> None:
    low, high = bootstrap_interval([1.0] * 50 + [0.0] * 50, seed="")
    assert low == pytest.approx(0.5 - 1.96 * 0.05, abs=0.02)
    assert high == pytest.approx(0.5 + 1.96 * 0.05, abs=0.02)


def test_right_or_wrong_has_wilsons_interval() -> None:
    assert interval([1.0, 1.0, 1.0], seed="") == (pytest.approx(0.4385, abs=1e-4), 1.0)
    assert interval([0.0] * 10, seed="") == (0.0, pytest.approx(0.2775, abs=1e-4))
    assert interval([1.0] * 8 + [0.0] * 2, seed="") == (
        pytest.approx(0.4902, abs=1e-4),
        pytest.approx(0.9433, abs=1e-4),
    )


@pytest.mark.parametrize("values", [[0.5], [0.7] * 8, [1.0] * 19 + [0.5]])
def test_one_case_and_cases_that_scored_alike_leave_room(values: list[float]) -> None:
    low, high = interval(values, seed="")
    assert low < sum(values) / len(values) - 0.1
    assert high - low > 0.15


@pytest.mark.parametrize("count", [1, 3, 8, 20])
@pytest.mark.parametrize("shares", [(0.1, 0.3, 0.6), (0.02, 0.08, 0.9)])
def test_judged_cases_hold_the_true_mean_as_often_as_they_say(count: int, shares: tuple[float, ...]) -> None:
    draw = random.Random(f"{count}/{shares}")
    truth = 0.5 * shares[1] + shares[2]
    held = 0
    for number in range(200):
        low, high = interval(draw.choices([0.0, 0.5, 1.0], shares, k=count), seed=str(number))
        held += low <= truth <= high
    assert held >= 178  # of 200, at 95 %: chance alone goes lower once in a thousand


@given(st.lists(SCORES, min_size=1, max_size=20))
def test_every_interval_lies_within_0_and_1_around_the_mean(values: list[float]) -> None:
    low, high = interval(values, seed="")
    assert -1e-9 <= low <= sum(values) / len(values) + 1e-9
    assert sum(values) / len(values) - 1e-9 <= high <= 1 + 1e-9


@pytest.mark.parametrize(
    ("drops", "proven"),
    [
        ([1.0], False),
        ([1.0] * 3, False),
        ([1.0] * 4, True),
        ([1.0] * 4 + [0.0] * 60, True),
        ([1.0] * 5 + [-1.0] * 4, False),
        ([0.5] * 3 + [0.0] * 3, False),
        ([0.1] * 12, True),
        ([-1.0] * 9, False),
    ],
)
def test_a_drop_is_proven_by_cases_that_changed(drops: list[float], proven: bool) -> None:
    assert (least_drop(drops, seed="") > 0) is proven


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=20))
def test_the_least_drop_is_no_more_than_the_drop(drops: list[float]) -> None:
    assert -1 - 1e-9 <= least_drop(drops, seed="") <= sum(drops) / len(drops) + 1e-9


def test_chance_alone_proves_a_drop_seldom() -> None:
    draw = random.Random(0)
    proven = 0
    for number in range(120):
        drops = [draw.choice([-1.0, 0.0, 0.0, 1.0]) for _ in range(12)]
        proven += least_drop(drops, seed=str(number)) > 0
    assert proven <= 9  # 2.5 % of 120 are 3
