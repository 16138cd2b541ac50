"""A bound on the requests in flight, in what order those that wait go out, and when further work may begin."""

from __future__ import annotations

import asyncio
from heapq import heappop, heappush
from itertools import count

Place = tuple[int, ...]
"""Where in a run a request belongs: leaf, document, passage, stage. Lower ones go first, so that requests which share
a beginning follow each other while a server still has it in its prefix cache, and begun leaves end before others begin."""

_SETTLING = 6  # turns of the event loop until work that has just begun has put its first requests in line

_Queue = list[tuple[Place, int, "asyncio.Future[None]"]]


class Slots:
    """So many requests at a time. Work begins only while fewer than `ahead` requests are in line: what is open is
    bounded, however many leaves and passages there are, and the slots never run empty."""

    def __init__(self, size: int, ahead: int) -> None:
        self._ahead = ahead
        self._free = size
        self._stopped = False
        self._line: _Queue = []
        self._beginners: _Queue = []
        self._numbers = count()
        self._door: asyncio.Task[None] | None = None

    async def take(self, place: Place) -> None:
        """Wait for a slot; to be followed by `give`."""
        if self._free and not self._line and not self._stopped:
            self._free -= 1
            return
        turn = self._queue(self._line, place)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the turn had come just before
                self.give()
            raise

    def give(self) -> None:
        """Give a slot back."""
        self._free += 1
        while self._line and self._free and not self._stopped:
            turn = heappop(self._line)[2]
            if not turn.done():
                self._free -= 1
                turn.set_result(None)
        self._open_door()

    def stop(self) -> None:
        """Let nothing more go out: the run is about to end, and what is asked now would be paid for in vain."""
        self._stopped = True

    async def begin(self, place: Place) -> None:
        """Wait until the line is short, and nothing of a lower place waits to begin."""
        turn = self._queue(self._beginners, place)
        self._open_door()
        await turn

    def _queue(self, queue: _Queue, place: Place) -> asyncio.Future[None]:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(queue, (place, next(self._numbers), turn))
        return turn

    def _open_door(self) -> None:
        room = self._beginners and len(self._line) < self._ahead and not self._stopped
        if room and (self._door is None or self._door.done()):
            self._door = asyncio.get_running_loop().create_task(self._let_in())

    async def _let_in(self) -> None:
        """One after the other: the requests of each are in line before it is asked whether the line is still short."""
        while self._beginners and len(self._line) < self._ahead and not self._stopped:
            turn = heappop(self._beginners)[2]
            if turn.done():
                continue
            turn.set_result(None)
            for _ in range(_SETTLING):
                await asyncio.sleep(0)
