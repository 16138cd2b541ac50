"""Learning rates rise to the peak, stay within it, and fall as their schedule says."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tiny_student import toy_recipe

from seedbed_training.learning.schedule import learning_rate_at
from seedbed_training.planning.recipe import SCHEDULES


def rates(schedule: str, *, steps: int, warmup: int) -> list[float]:
    phase = dataclasses.replace(toy_recipe().phases[0], learning_rate=0.1, warmup_steps=warmup)
    return [learning_rate_at(phase, schedule, step=step, steps=steps) for step in range(steps)]


@given(steps=st.integers(1, 300), warmup=st.integers(0, 400), schedule=st.sampled_from(SCHEDULES))
def test_laws(steps: int, warmup: int, schedule: str) -> None:
    all_of_them = rates(schedule, steps=steps, warmup=warmup)
    assert all(0 < rate <= 0.1 + 1e-12 for rate in all_of_them)
    rising, after = all_of_them[:warmup], all_of_them[warmup:]
    assert rising == sorted(rising)
    if 0 < warmup <= steps:
        assert rising[-1] == pytest.approx(0.1)
    assert after == sorted(after, reverse=True)
    if schedule != "stable_decay":
        assert not after or after[0] == pytest.approx(0.1)
    if schedule == "constant":
        assert set(after) <= {0.1}


def test_half_way_down() -> None:
    assert rates("linear", steps=100, warmup=0)[50] == pytest.approx(0.05)
    assert rates("cosine", steps=100, warmup=0)[50] == pytest.approx(0.05)
    assert rates("cosine", steps=100, warmup=0)[25] == pytest.approx(0.1 * (1 + 0.5**0.5) / 2)
    stable = rates("stable_decay", steps=100, warmup=10)
    assert stable[90] == pytest.approx(0.1)
    assert stable[95] == pytest.approx(0.05)
    assert all(b == pytest.approx(a - 0.01) for a, b in pairwise(stable[90:]))
