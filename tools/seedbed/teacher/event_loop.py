"""The event loop that teachers are asked in: uvloop where it is installed, asyncio's own otherwise."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
from collections.abc import Coroutine
from types import FrameType
from typing import Any, TypeVar

_Result = TypeVar("_Result")


def run(coroutine: Coroutine[Any, Any, _Result]) -> _Result:
    """`asyncio.run`: the first Ctrl-C cancels the coroutine, lets it close what it holds, and is then raised."""
    gc.freeze()  # the libraries stay: walking them again and again is 5 % of a request's processor time
    try:
        with runner() as loop:
            return run_in(loop, coroutine)
    finally:
        gc.unfreeze()


def runner() -> asyncio.Runner:
    """For several coroutines in one loop. An HTTP request takes a tenth less processor time in uvloop's."""
    try:
        import uvloop
    except ImportError:  # no wheel for this platform, or without the extra
        return asyncio.Runner()
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


def run_in(loop: asyncio.Runner, coroutine: Coroutine[Any, Any, _Result]) -> _Result:
    """`loop.run`, for processes that ignore SIGINT too, as those that a shell starts behind `&`.

    asyncio then leaves all signals alone, and a SIGTERM whose handler raises would do so in the midst of whatever the
    loop is doing: here it cancels the coroutine first, and the handler has its say when that has ended. A second one is
    the handler's at once.
    """
    handler = signal.getsignal(signal.SIGTERM)
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    if not (ignored and callable(handler) and threading.current_thread() is threading.main_thread()):
        return loop.run(coroutine)
    process = os.getpid()
    running: asyncio.Task[_Result] | None = None
    received: list[tuple[int, FrameType | None]] = []

    async def cancellable() -> _Result:
        nonlocal running
        running = asyncio.ensure_future(coroutine)
        return await running

    def cancel(number: int, frame: FrameType | None) -> None:
        if (
            running is None or received or os.getpid() != process
        ):  # the last: a forked process, which ends as before
            handler(number, frame)
        else:
            received.append((number, frame))
            running.cancel()
            running.get_loop().call_soon_threadsafe(lambda: None)  # it may be waiting for the network

    signal.signal(signal.SIGTERM, cancel)
    try:
        return loop.run(cancellable())
    except asyncio.CancelledError:
        if received:
            handler(*received[0])
        raise
    finally:
        signal.signal(signal.SIGTERM, handler)
