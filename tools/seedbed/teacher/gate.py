"""The way in to one server: requests wait here while it holds as many as it may, or has asked for a pause."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

from seedbed.teacher.limiter import Limit

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]


class Gate:
    """A `Limit` at work. First come, first served; one event loop at a time."""

    def __init__(self, ceiling: int, *, clock: Clock, sleep: Sleep, jitter: random.Random) -> None:
        self.limit = Limit.at_most(ceiling)
        self.in_flight = 0
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._open_at = float("-inf")
        self._overloaded_since: float | None = None
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def load(self) -> float:
        """Requests inside and waiting, over what is allowed: below 1 one would go in at once. Infinite in a pause."""
        if self._open_at > self._clock():
            return float("inf")
        return (self.in_flight + len(self._waiting)) / self.limit.allowed

    @property
    def overloaded_for(self) -> float:
        """Seconds since the server began to say nothing but that it is overloaded; 0 when it does not."""
        return 0.0 if self._overloaded_since is None else self._clock() - self._overloaded_since

    async def enter(self) -> int:
        """Wait for a place and take it; the round to give back with the outcome. Follow it with `leave`."""
        while True:
            pause = self._open_at - self._clock()
            if pause > 0:
                await self._sleep(pause)
            elif self.in_flight < self.limit.allowed:
                self.in_flight += 1
                return self.limit.round
            else:
                await self._next_place()

    def leave(self) -> None:
        """Give the place back."""
        self.in_flight -= 1
        self._call_in()

    def answered(self, round: int) -> None:
        """The server dealt with a request, well or badly."""
        self.limit = self.limit.answered(round)
        if not self.limit.overloads:
            self._overloaded_since = None

    def overloaded(self, round: int, asked: float = 0.0) -> None:
        """The server had too much to do for a request and asks for `asked` seconds of peace."""
        self.limit = self.limit.overloaded(round)
        now = self._clock()
        if self._overloaded_since is None:
            self._overloaded_since = now
        self._open_at = max(self._open_at, now + self.limit.pause(jitter=self._jitter.random(), asked=asked))

    async def _next_place(self) -> None:
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.cancelled():
                with suppress(ValueError):  # passed over already
                    self._waiting.remove(place)
            else:  # called in and cancelled at once: the place is another's
                self._call_in()
            raise

    def _call_in(self) -> None:
        free = self.limit.allowed - self.in_flight
        while free > 0 and self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                free -= 1
