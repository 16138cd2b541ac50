"""Estimates that begin late and move slowly."""

from __future__ import annotations

import pytest

from seedbed.cli.time_left import MEMORY, SETTLED_SECONDS, SETTLED_SHARE, TimeLeft


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_nothing_is_guessed_before_enough_is_known() -> None:
    clock = Clock()
    left = TimeLeft(clock)
    clock.now += SETTLED_SECONDS - 1
    assert left.seconds(0.9) is None
    clock.now += 2
    assert left.seconds(SETTLED_SHARE / 2) is None
    assert left.seconds(0.5) == pytest.approx(clock.now - 100)


def test_a_steady_run_is_told_rightly_all_along() -> None:
    clock = Clock()
    left = TimeLeft(clock)
    for second in range(20, 200, 3):
        clock.now = 100.0 + second
        assert left.seconds(second / 200) == pytest.approx(200 - second)


def test_a_burst_moves_it_little_and_a_new_pace_wins_in_the_end() -> None:
    clock = Clock()
    left = TimeLeft(clock)
    clock.now += 100
    assert left.seconds(0.1) == pytest.approx(900)
    clock.now += 1
    burst = left.seconds(0.11)  # ten times the pace for a second
    assert burst is not None and 600 < burst < 900
    share = 0.11
    for _ in range(int(10 * MEMORY)):
        clock.now += 1
        share += 0.0001
        told = left.seconds(share)
    assert told == pytest.approx((1 - share) / 0.0001, rel=0.05)


def test_a_run_that_stands_still_never_divides_by_nothing() -> None:
    clock = Clock()
    left = TimeLeft(clock)
    clock.now += 50
    first = left.seconds(0.5)
    clock.now += 1e9
    assert first is not None
    still = left.seconds(0.5)
    assert still is None or still > first
