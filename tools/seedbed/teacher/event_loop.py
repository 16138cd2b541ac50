"""The event loop that teachers are asked in: uvloop where it is installed, asyncio's own otherwise."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any, TypeVar

_Result = TypeVar("_Result")


def run(coroutine: Coroutine[Any, Any, _Result]) -> _Result:
    """`asyncio.run`: the first Ctrl-C cancels the coroutine, lets it close what it holds, and is then raised."""
    gc.freeze()  # the libraries stay: walking them again and again is 5 % of a request's processor time
    try:
        with runner() as loop:
            return loop.run(coroutine)
    finally:
        gc.unfreeze()


def runner() -> asyncio.Runner:
    """For several coroutines in one loop. An HTTP request takes a tenth less processor time in uvloop's."""
    try:
        import uvloop
    except ImportError:  # no wheel for this platform, or without the extra
        return asyncio.Runner()
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)
