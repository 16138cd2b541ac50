"""What a preview may spend: a teacher that stops asking when tokens, money or time are used up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from seedbed.generation.cost import Prices
from seedbed.teacher.teacher import Cause, Completion, FinishReason, Request, Teacher, TeacherIdentity

_CHARACTERS_PER_TOKEN = 2  # fewer than in any prose: a prompt is rather taken for longer than it is


@dataclass(frozen=True, slots=True)
class Caps:
    """Most that one preview may spend; None where there is no bound."""

    tokens: int | None = None  # of the teacher, prompts and answers
    seconds: int | None = None
    cost: float | None = None  # in the currency of the prices in [teacher]


@dataclass(frozen=True, slots=True)
class _Tokens:
    prompt: int = 0
    answer: int = 0

    def __add__(self, other: _Tokens) -> _Tokens:
        return _Tokens(self.prompt + other.prompt, self.answer + other.answer)


class CappedTeacher:
    """A teacher within caps. What can no longer be paid for is answered FAILED at once, and `stopped` says by which cap.

    Before a request is made its longest answer is set aside, so that no answer exceeds a cap; prompts are estimated
    until the teacher has counted them.
    """

    def __init__(
        self,
        teacher: Teacher,
        caps: Caps,
        prices: Prices | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._teacher = teacher
        self._caps = caps
        self._prices = prices or Prices()
        self._clock = clock
        self._end = None if caps.seconds is None else clock() + caps.seconds
        self._set_aside = _Tokens()  # spent, or for requests on their way
        self._on_their_way = 0
        self._freed = asyncio.Event()
        self.stopped: str | None = None

    @property
    def identity(self) -> TeacherIdentity:
        return self._teacher.identity

    @property
    def concurrency(self) -> int:
        return self._teacher.concurrency

    def unknown_words(self, text: str) -> tuple[str, ...]:
        return self._teacher.unknown_words(text)

    async def close(self) -> None:
        await self._teacher.close()

    async def complete(self, request: Request) -> Completion:
        """The teacher's answer, or FAILED when it could cost more than is left."""
        characters = sum(len(message.content) for message in request.messages)
        wanted = _Tokens(characters // _CHARACTERS_PER_TOKEN, request.max_tokens)
        while self.stopped is None and (cap := self._exceeded_by(wanted)) is not None:
            if not self._on_their_way:
                self.stopped = cap
                break
            self._freed.clear()  # what is on its way rarely costs all that was set aside for it
            await self._freed.wait()
        if self.stopped is not None:
            return _unpaid(self.stopped)
        self._set_aside += wanted
        self._on_their_way += 1
        try:
            async with asyncio.timeout(self._remaining()):
                completion = await self._teacher.complete(request)
            self._set_aside += _Tokens(completion.prompt_tokens, completion.completion_tokens)
            return completion
        except TimeoutError:
            self.stopped = "seconds"
            return _unpaid(self.stopped)
        finally:
            self._set_aside += _Tokens(-wanted.prompt, -wanted.answer)
            self._on_their_way -= 1
            self._freed.set()

    def _remaining(self) -> float | None:
        return None if self._end is None else max(0.0, self._end - self._clock())

    def _exceeded_by(self, wanted: _Tokens) -> str | None:
        """The cap that one more request could break."""
        tokens = self._set_aside + wanted
        if self._remaining() == 0.0:
            return "seconds"
        if self._caps.tokens is not None and tokens.prompt + tokens.answer > self._caps.tokens:
            return "tokens"
        if (
            self._caps.cost is not None
            and self._prices.tokens(tokens.prompt, tokens.answer) > self._caps.cost
        ):
            return "cost"
        return None


def _unpaid(cap: str) -> Completion:
    detail = f"the preview's cap on {cap} is reached"
    return Completion("", FinishReason.FAILED, 0, 0, detail, cause=Cause.CAPPED)
