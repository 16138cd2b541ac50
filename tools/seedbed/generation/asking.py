"""Asking a teacher: how many requests are in flight, what they cost, and what counts as an answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass, field
from typing import Any, TypeVar

from seedbed.errors import StoreError, TeacherError
from seedbed.generation.funnel import Loss
from seedbed.generation.slots import Place, Slots
from seedbed.generation.unanswered import cause_of
from seedbed.teacher.teacher import Cause, Completion, FinishReason, Request, Teacher

Result = TypeVar("Result")

LOSSES = {
    FinishReason.LENGTH: Loss.CUT_OFF,
    FinishReason.REFUSED: Loss.REFUSED,
    FinishReason.FAILED: Loss.FAILED,
}


@dataclass(slots=True)
class Usage:
    """What a stage cost so far; answers recalled from a journal count as if they had been asked."""

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    unanswered: Counter[str] = field(default_factory=Counter)
    """Requests without an answer that could be used, by their cause (see `teacher.Cause`)."""


class Asker:
    """A teacher, with a bound on the requests in flight that all leaves share."""

    def __init__(
        self,
        teacher: Teacher,
        *,
        in_flight: int | None = None,
        ahead: int | None = None,
        on_answer: Callable[[Completion], None] = lambda _: None,
    ) -> None:
        """`ahead` requests in line keep further leaves and passages from beginning; as many as are in flight unless
        given."""
        self.teacher = teacher
        self._on_answer = on_answer
        self.in_flight = in_flight or teacher.concurrency
        self.ahead = ahead or self.in_flight
        self._slots = Slots(self.in_flight, self.ahead)
        self._place: Place = ()

    def at(self, *place: int) -> Asker:
        """The same, for requests that belong to a place within this one's own."""
        placed = copy(self)
        placed._place = (*self._place, *place)
        return placed

    async def begin(self) -> None:
        """Wait until the teacher has room for the work of this place."""
        await self._slots.begin(self._place)

    async def ask(self, request: Request, usage: Usage) -> str | Loss:
        """The answer without surrounding blanks, or why there is none."""
        completion = await self.complete(request, usage)
        if completion.finish_reason is not FinishReason.STOP:
            return LOSSES[completion.finish_reason]
        if without_surrogates(completion.text) != completion.text:
            usage.unanswered[Cause.MALFORMED] += 1
            return Loss.FAILED  # half a character: no text, and nothing that a store could hold
        return completion.text.strip() or Loss.EMPTY

    async def complete(self, request: Request, usage: Usage) -> Completion:
        """The completion as it came, probabilities and all."""
        await self._slots.take(self._place)
        try:
            completion = await self.teacher.complete(request)
        except (TeacherError, StoreError):
            self._slots.stop()
            raise
        finally:
            self._slots.give()
        self._on_answer(completion)
        usage.requests += 1
        usage.prompt_tokens += completion.prompt_tokens
        usage.completion_tokens += completion.completion_tokens
        if (cause := cause_of(completion)) is not None:
            usage.unanswered[cause] += 1
        return completion


def without_surrogates(text: str) -> str:
    """`text` with what stands for no character, and has no UTF-8 form, replaced."""
    return text.encode("utf-8", "replace").decode()


async def together(work: Iterable[Awaitable[Result]]) -> list[Result]:
    """All results, in the order of `work`; the first failure cancels what is still running and is raised as it is."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def crew() -> AsyncIterator[asyncio.TaskGroup]:
    """A task group whose first failure cancels the others and is raised as it is, not in a group."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


async def in_thread(work: Callable[..., Result], *arguments: Any) -> Result:
    """The result of `work`, done in a thread of its own; it is done to its end even when nobody waits any more."""
    working = asyncio.ensure_future(asyncio.to_thread(work, *arguments))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait({working})
        raise
