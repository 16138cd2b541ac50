"""A teacher whose engine belongs to one event loop, kept running in a thread for as many tests as want it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from seedbed.config import VllmSettings
from seedbed.teacher.teacher import Completion, Request, Teacher
from seedbed.teacher.vllm_engine import load_vllm_teacher

START_SECONDS = 400  # an engine takes 20 s on idle cores
SMALL = VllmSettings(kv_cache_memory_bytes=512 << 20)


class EngineRoom:
    """A teacher and the loop that it lives in."""

    def __init__(self, teacher: Teacher, loop: asyncio.AbstractEventLoop) -> None:
        self.teacher = teacher
        self._loop = loop

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(START_SECONDS)

    def answers(self, *requests: Request) -> list[Completion]:
        """All at once; the answers in the order of `requests`."""

        async def all_at_once() -> list[Completion]:
            return await asyncio.gather(*(self.teacher.complete(request) for request in requests))

        return list(self.run(all_at_once()))


@contextmanager
def engine_room(teacher: Teacher) -> Iterator[EngineRoom]:
    """The room of `teacher`, which is closed at the end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="engine room", daemon=True)
    thread.start()
    room = EngineRoom(teacher, loop)
    try:
        yield room
    finally:
        room.run(teacher.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


@contextmanager
def vllm_room(folder: Path, *, settings: VllmSettings = SMALL, **limits: Any) -> Iterator[EngineRoom]:
    """The real vLLM engine on the model in `folder`, such as one that our training has saved."""
    with engine_room(load_vllm_teacher(str(folder), settings=settings, **limits)) as room:
        yield room
