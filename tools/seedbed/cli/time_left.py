"""How long a run will still take, from how quickly its work got done lately."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

SETTLED_SECONDS = 10.0  # before which no end is guessed
SETTLED_SHARE = 0.03  # of the work, likewise
MEMORY = 60.0  # seconds over which the pace is smoothed: answers come in bursts, and recalled ones at once


class TimeLeft:
    """An estimate that begins late and moves slowly."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._start = self._last = clock()
        self._share = 0.0
        self._pace: float | None = None  # share per second

    def seconds(self, share: float) -> float | None:
        """Seconds left when `share` of the work, 0…1, is done; None while too little is known."""
        now = self._clock()
        elapsed = now - self._start
        if elapsed < SETTLED_SECONDS or share < SETTLED_SHARE:
            return None
        passed = now - self._last
        if self._pace is None:
            self._pace = share / elapsed
        elif passed > 0:
            weight = 1.0 - math.exp(-passed / MEMORY)
            self._pace += weight * (max(0.0, share - self._share) / passed - self._pace)
        if self._pace <= 0:
            return None
        self._last, self._share = now, share
        return (1.0 - share) / self._pace
