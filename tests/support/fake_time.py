"""Time that passes when somebody sleeps, and only then."""

from __future__ import annotations

import asyncio


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
