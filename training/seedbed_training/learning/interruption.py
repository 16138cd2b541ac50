"""Ctrl-C, put off to the end of the optimiser step, so that what was computed can be saved."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SAME_PRESS = 2.0
"""Seconds within which a second signal is the first one's echo: torchrun passes Ctrl-C on to processes that had it."""


class Interruption:
    """Which signal, if any, asks the run to stop."""

    def __init__(self) -> None:
        self.signal: int | None = None

    def stop(self) -> None:
        """End the run as the signal would have: KeyboardInterrupt, or for SIGTERM SystemExit with 143."""
        if self.signal == signal.SIGTERM:
            raise SystemExit(128 + self.signal)
        raise KeyboardInterrupt


@contextmanager
def postponed_interruption() -> Iterator[Interruption]:
    """The first SIGINT or SIGTERM is noted, a second one after `SAME_PRESS` is obeyed at once.

    Outside the main thread, where Python handles no signals, nothing is put off.
    """
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return

    first = 0.0

    def note(number: int, _: FrameType | None) -> None:
        nonlocal first
        if interruption.signal is None:
            interruption.signal, first = number, time.monotonic()
        elif time.monotonic() - first > SAME_PRESS:
            interruption.stop()

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
