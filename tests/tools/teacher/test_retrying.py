from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.teacher.retrying import (
    LONGEST_ASKED,
    LONGEST_DELAY,
    Reaction,
    delay,
    reaction,
    retry_after_seconds,
)

NOW = datetime(2026, 1, 5, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (200, Reaction.READ),
        (429, Reaction.SLOW_DOWN),
        (503, Reaction.SLOW_DOWN),
        (529, Reaction.SLOW_DOWN),
        (500, Reaction.RETRY),
        (502, Reaction.RETRY),
        (408, Reaction.RETRY),
        (400, Reaction.REFUSE),
        (413, Reaction.REFUSE),
        (422, Reaction.REFUSE),
        (401, Reaction.STOP),
        (403, Reaction.STOP),
        (404, Reaction.STOP),
        (301, Reaction.STOP),
    ],
)
def test_each_status_has_its_reaction(code: int, expected: Reaction) -> None:
    assert reaction(code) is expected


@given(st.integers(0, 40), st.floats(0, 1, exclude_max=True))
def test_the_delay_grows_is_bounded_and_never_nothing(attempt: int, jitter: float) -> None:
    waited = delay(attempt, jitter=jitter)
    assert 0 < waited <= LONGEST_DELAY
    assert delay(attempt + 1, jitter=jitter) >= waited


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0.0),
        ("12", 12.0),
        ("Mon, 05 Jan 2026 12:00:30 GMT", 30.0),
        ("Mon, 05 Jan 2026 11:00:00 GMT", 0.0),
        ("soon", 0.0),
        ("", 0.0),
        ("-5", 0.0),
        ("1e9", 0.0),
        ("inf", 0.0),
        ("9" * 400, 1e12),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 0.0),
    ],
)
def test_retry_after_in_seconds_or_as_a_date(header: str | None, seconds: float) -> None:
    assert retry_after_seconds(header, NOW) in (seconds, pytest.approx(251_634_000_000, rel=0.01))


@given(st.text() | st.text(alphabet="0123456789 :,-+MonJaGT", max_size=40))
def test_no_header_breaks_or_holds_a_request_for_long(header: str) -> None:
    asked = retry_after_seconds(header, NOW)
    assert asked >= 0
    assert delay(0, jitter=0.0, asked=asked) <= LONGEST_ASKED + 0.25
