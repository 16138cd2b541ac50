"""Time that passes when somebody sleeps, and only then."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from heapq import heappop, heappush
from itertools import count


class FakeTime:
    """A clock and a sleep that belong together. Those who sleep at the same time wake at their own times."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._now = 1000.0

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        until = self._now + seconds
        await asyncio.sleep(0)
        self._now = max(self._now, until)


class SimulatedTime:
    """Events in the order of their moments: when nobody has anything to do, it becomes the moment of the next one."""

    def __init__(self) -> None:
        self._now = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._sleepers, (self._now + seconds, next(_numbers), turn))
        await turn

    async def run(self, work: Coroutine[None, None, None]) -> float:
        """Seconds until `work` is done."""
        task, began = asyncio.create_task(work), self._now
        while True:
            for _ in range(_SETTLING):
                await asyncio.sleep(0)
            if task.done():
                task.result()
                return self._now - began
            self._now, _, turn = heappop(self._sleepers)
            turn.set_result(None)


_SETTLING = 4  # turns of the event loop until those who woke up sleep again
_numbers = count()
