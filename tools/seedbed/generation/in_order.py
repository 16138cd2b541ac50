"""Things that happen at any time, and are looked at one by one in the order of their numbers."""

from __future__ import annotations

import asyncio


class InOrder:
    """Lets those numbered 0, 1, 2 … through one after the other, whenever they come."""

    def __init__(self) -> None:
        self._next = 0
        self._early: dict[int, asyncio.Future[None]] = {}

    async def turn(self, number: int) -> None:
        """Wait until all lower numbers have called `passed`."""
        if number != self._next:
            turn = self._early[number] = asyncio.get_running_loop().create_future()
            await turn

    def passed(self) -> None:
        """Whoever has the turn is done with it."""
        self._next += 1
        waiting = self._early.pop(self._next, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)
