"""How quickly servers are asked that refuse: those of one request in three at random, and those that have too much to do.

Time is simulated, the teacher is real but for its connections.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

import pytest
from support.fake_time import SimulatedTime

from seedbed.teacher.endpoint import Reply
from seedbed.teacher.model_list import ServedModel
from seedbed.teacher.openai_server import OpenAITeacher
from seedbed.teacher.teacher import Message, Request

AT_ONCE = 64
REFUSING = 0.002  # seconds
ANSWER = {"choices": [{"index": 0, "finish_reason": "stop", "message": {"content": "x"}}]}


@dataclass
class PacedServer:
    """Answers in `seconds` what it has room, tokens and luck for, and refuses the rest at once."""

    seconds: float
    refused_share: float = 0.0  # whatever the load
    room: int = 10**9  # requests that it computes at a time
    rate: float = 1e9  # requests a second, a second's worth of them saved up
    saved: float = field(default=1.0)  # seconds' worth of requests that are saved up at most
    retry_after: float = 0.0
    starts: float = 0.0  # seconds during which it refuses everything
    answered: int = 0
    refused: int = 0

    def __post_init__(self) -> None:
        self.time = SimulatedTime()
        self._chance = random.Random(5)
        self._inside = 0
        self._tokens, self._filled = self.rate * self.saved, 0.0

    async def post(self, body: bytes) -> Reply:
        if not self._takes():
            self.refused += 1
            await self.time.sleep(REFUSING)
            return Reply(503, {"error": {"message": "busy"}}, self.retry_after)
        self._inside += 1
        await self.time.sleep(self.seconds * (0.8 + 0.4 * self._chance.random()))
        self._inside -= 1
        self.answered += 1
        return Reply(200, ANSWER)

    def _takes(self) -> bool:
        now = self.time.now()
        self._tokens = min(self.rate * self.saved, self._tokens + (now - self._filled) * self.rate)
        self._filled = now
        unlucky = self._chance.random() < self.refused_share
        if now < self.starts or unlucky or self._inside >= self.room or self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def pace(server: PacedServer, monkeypatch: pytest.MonkeyPatch, answers: int) -> float:
    """Answers a second over the time in which so many were given to as many askers as the teacher allows."""

    async def all_of_it() -> float:
        teacher = OpenAITeacher(
            "http://127.0.0.1:9/v1",
            ServedModel("tiny"),
            concurrency=AT_ONCE,
            deadline=1e6,
            clock=server.time.now,
            sleep=server.time.sleep,
        )
        monkeypatch.setattr(teacher, "_jitter", random.Random(7))
        monkeypatch.setattr(teacher.endpoints[0], "post", server.post)

        async def asks() -> None:
            while server.answered < answers:
                await teacher.complete(Request((Message("user", "red"),), 8))

        async def all_ask() -> None:
            await asyncio.gather(*(asks() for _ in range(AT_ONCE)))

        return await server.time.run(all_ask())

    seconds = asyncio.run(all_of_it())
    return server.answered / seconds


@pytest.mark.parametrize("share", [0.01, 0.06, 1 / 3])
def test_a_server_that_refuses_some_at_any_load_is_asked_as_quickly_as_any_other(
    share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = PacedServer(0.5, refused_share=share)
    assert pace(server, monkeypatch, 2500) > 0.5 * AT_ONCE / 0.5
    assert server.refused < 1.2 * server.answered * share / (1 - share) + 50


def test_a_server_that_asks_for_time_on_a_third_of_all_requests_loses_the_time_it_asks_for_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = PacedServer(2.0, refused_share=1 / 3, retry_after=1.0)
    assert pace(server, monkeypatch, 2000) > 0.6 * AT_ONCE / (2.0 + 0.5)


@pytest.mark.parametrize(("room", "share"), [(16, 0.0), (4, 0.0), (16, 1 / 3)])
def test_an_overloaded_server_does_what_it_can_and_is_not_stormed(
    room: int, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = PacedServer(0.5, room=room, refused_share=share)
    assert pace(server, monkeypatch, 1500) > (0.3 if share else 0.7) * room / 0.5
    assert server.refused < server.answered * (0.25 + 1.5 * share)


@pytest.mark.parametrize("retry_after", [0.0, 1.0])
@pytest.mark.parametrize(("rate", "seconds"), [(200.0, 0.002), (20.0, 0.5)])
def test_a_rate_limit_is_used_nearly_whole(
    rate: float, seconds: float, retry_after: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = PacedServer(seconds, rate=rate, retry_after=retry_after)
    assert pace(server, monkeypatch, 2500 if seconds < 0.1 else 1600) > 0.92 * rate
    assert server.refused < 0.4 * server.answered


def test_a_server_that_is_long_in_starting_is_used_whole_soon_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """From its start on, 2,000 answers take 63 s at best; a pause may have begun just before."""
    server = PacedServer(2.0, starts=60.0)
    assert 2000 / pace(server, monkeypatch, 2000) < 60 + 30 + 1.6 * 2000 / (AT_ONCE / 2.0)
    assert server.refused < 400
