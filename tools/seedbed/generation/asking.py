"""Asking a teacher: how many requests are in flight, what they cost, and what counts as an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from seedbed.generation.funnel import Loss
from seedbed.teacher.teacher import Completion, FinishReason, Request, Teacher

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


class Asker:
    """A teacher, with a bound on the requests in flight that all leaves share."""

    def __init__(
        self, teacher: Teacher, *, in_flight: int | None = None, on_answer: Callable[[], None] = lambda: None
    ) -> None:
        self.teacher = teacher
        self._on_answer = on_answer
        self.in_flight = in_flight or teacher.concurrency
        self._room = asyncio.Semaphore(self.in_flight)

    async def ask(self, request: Request, usage: Usage) -> str | Loss:
        """The answer without surrounding blanks, or why there is none."""
        completion = await self.complete(request, usage)
        if completion.finish_reason is not FinishReason.STOP:
            return LOSSES[completion.finish_reason]
        return completion.text.strip() or Loss.EMPTY

    async def complete(self, request: Request, usage: Usage) -> Completion:
        """The completion as it came, probabilities and all."""
        async with self._room:
            completion = await self.teacher.complete(request)
        self._on_answer()
        usage.requests += 1
        usage.prompt_tokens += completion.prompt_tokens
        usage.completion_tokens += completion.completion_tokens
        return completion


async def together(work: Iterable[Awaitable[Result]]) -> list[Result]:
    """All results, in the order of `work`; the first failure cancels what is still running and is raised as it is."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
