"""Ctrl-C, put off to the end of the optimiser step, so that what was computed can be saved."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


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
    """The first SIGINT or SIGTERM is noted, the second one is obeyed at once.

    Outside the main thread, where Python handles no signals, nothing is put off.
    """
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return

    def note(number: int, _: FrameType | None) -> None:
        if interruption.signal is not None:
            interruption.stop()
        interruption.signal = number

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
