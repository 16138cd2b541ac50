"""SIGTERM, as `kill` and schedulers send it, ends a command as Ctrl-C does: what it has is kept, what it started is ended."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Termination:
    """Whether SIGTERM was what interrupted the command."""

    def __init__(self) -> None:
        self.asked = False


@contextmanager
def terminated_as_interrupted() -> Iterator[Termination]:
    """SIGTERM does what SIGINT would do at that moment; without this it would end Python before any `finally`.

    A command that handles SIGTERM by itself, as training does, has its own way. Outside the main thread, where Python
    handles no signals, nothing changes. A forked process has no part in it: there SIGTERM ends it, as it was.
    """
    termination = Termination()
    if threading.current_thread() is not threading.main_thread():
        yield termination
        return
    process = os.getpid()

    def interrupt(number: int, frame: FrameType | None) -> None:
        if os.getpid() != process:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        termination.asked = True
        handler = signal.getsignal(signal.SIGINT)  # asyncio puts its own there: it cancels the running task
        if callable(handler):
            handler(signal.SIGINT, frame)
        else:  # started with SIGINT ignored, as shells do behind `&`
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield termination
    finally:
        signal.signal(signal.SIGTERM, before)
