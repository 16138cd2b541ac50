from __future__ import annotations

import asyncio
import random

from support.fake_time import FakeTime

from seedbed.teacher.gate import Gate
from seedbed.teacher.overload_notice import AGAIN, CROWDED, WAITED, OverloadNotices
from seedbed.teacher.refusals import Refusals

ADDRESS = "http://127.0.0.1:9/v1"


class Refused:
    """A gate whose server refuses, and what is told of that."""

    def __init__(self) -> None:
        self.time = FakeTime()
        self.gate = Gate(8, clock=self.time.now, sleep=self.time.sleep, jitter=random.Random(0))
        self.notices = OverloadNotices(ADDRESS)

    def after(self, seconds: float, *, answered: bool = False) -> str | None:
        """What is told of a refusal that comes after so many seconds."""
        asyncio.run(self.time.sleep(seconds))
        if answered:
            self.gate.answered(self.gate.limit.round)
        self.gate.refused(self.gate.limit.round, asked=1.0)
        return self.notices.notice(self.gate, 503, 600.0)


def test_a_server_that_is_waited_for_is_told_of_after_a_while_and_seldom_again() -> None:
    refused = Refused()
    assert refused.after(0.0) is None
    assert refused.after(WAITED / 2) is None
    told = refused.after(WAITED / 2)
    assert told is not None and "nothing but HTTP 503 for 10 s" in told and "600 s at most" in told
    assert [refused.after(WAITED) for _ in range(int(AGAIN) - 2)].count(None) >= AGAIN - 3  # it is slow too
    later = refused.after(AGAIN * WAITED)
    assert later is not None and "nothing but HTTP 503" in later


def test_a_server_that_answers_between_is_not_said_to_be_waited_for() -> None:
    refused = Refused()
    told = [refused.after(WAITED / 4, answered=True) for _ in range(40)]
    [crowded] = [line for line in told if line]
    assert "is given 1 request at a time in place of 8" in crowded and "`concurrency`" in crowded
    assert told.index(crowded) * WAITED / 4 >= CROWDED


def test_refusals_at_any_load_are_told_of_once() -> None:
    refused = Refused()
    refused.gate.refusals = Refusals(0.4)
    told = [refused.after(0.1, answered=True) for _ in range(40)]
    assert told[0] is not None and "however little it is asked" in told[0]
    assert set(told[1:]) == {None}
