"""What a teacher can do, found by asking it: closed lists, log-probabilities, JSON schemas, tokens per second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

from seedbed.errors import TeacherError
from seedbed.teacher.teacher import Cause, Completion, FinishReason, Message, Request, Teacher

WINDOW = 2.0  # seconds that each measurement of speed lasts; a slow teacher gets until its first answers
LONGEST = 30.0  # seconds for all that is asked at one time
ANSWER_TOKENS = 64
CHOICES = ("YES", "NO")
SCHEMA = {
    "type": "object",
    "properties": {"colour": {"enum": ["red", "blue"]}},
    "required": ["colour"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Found:
    """One answer to "can it?": `detail` says why not, or how."""

    works: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Speed:
    """Completion tokens per second, all answers that came within `seconds` together."""

    in_flight: int
    answers: int
    tokens_per_second: float
    seconds: float
    trouble: str = ""  # why there was no answer


async def examine(teacher: Teacher) -> AsyncIterator[Found | Speed]:
    """In this order: a closed list, its log-probabilities, a JSON schema, the speed of one request and of as many as
    the teacher takes. Raises TeacherError when it cannot be asked at all, or does not answer."""
    verdict = await _within(
        teacher, Request((Message("user", "Name a colour."),), max_tokens=8, choices=CHOICES)
    )
    if verdict.finish_reason is FinishReason.FAILED and verdict.cause != Cause.OFF_FORM:
        raise TeacherError(
            f"the teacher does not answer: {_why(verdict)}",
            hint="mend its server; `seedbed generate` would count every request as failed",
        )
    yield _closed_list(verdict)
    told = verdict.choice_log_probabilities is not None
    yield Found(told, "told for closed lists" if told else "not told for closed lists")
    asked = Message("user", 'Name a colour as JSON, such as {"colour": "red"}.')
    yield _schema(await _within(teacher, Request((asked,), max_tokens=ANSWER_TOKENS, json_schema=SCHEMA)))
    numbers = count()
    yield await _speed(teacher, 1, numbers)
    if teacher.concurrency > 1:
        yield await _speed(teacher, teacher.concurrency, numbers)


def _closed_list(verdict: Completion) -> Found:
    if verdict.finish_reason is FinishReason.STOP:
        return Found(True, "answers stay in a closed list")
    if verdict.cause == Cause.OFF_FORM:
        return Found(
            False, f"an answer left its closed list and would be counted as unreadable: {_why(verdict)}"
        )
    return Found(False, f"a closed list is refused: {_why(verdict)}")


def _schema(answer: Completion) -> Found:
    if answer.finish_reason is FinishReason.STOP:
        return Found(True, "answers keep to a JSON schema")
    if answer.cause == Cause.NO_GRAMMAR:
        return Found(False, f"{_why(answer)}; recipes with `quote` or views need another teacher")
    if answer.cause == Cause.OFF_FORM:
        return Found(False, f"an answer did not keep to its JSON schema: {_why(answer)}")
    return Found(False, f"a JSON schema got no answer: {_why(answer)}")


def _why(completion: Completion) -> str:
    return completion.detail or (
        f"cut off at its last token: {completion.text[:60]!r}"
        if completion.finish_reason is FinishReason.LENGTH
        else str(completion.finish_reason)
    )


async def _speed(teacher: Teacher, in_flight: int, numbers: count[int]) -> Speed:
    """Workers that ask one thing after another until the time is up and something has come."""
    began, last, tokens, answers, trouble = time.monotonic(), 0.0, 0, 0, ""
    enough = asyncio.Event()

    async def work() -> None:
        nonlocal last, tokens, answers, trouble
        while not enough.is_set():
            completion = await teacher.complete(_continuation(next(numbers)))
            if completion.finish_reason in (FinishReason.REFUSED, FinishReason.FAILED):
                trouble = _why(completion)
                return
            last = time.monotonic() - began
            tokens, answers = tokens + completion.completion_tokens, answers + 1
            if last >= WINDOW:
                enough.set()

    workers = [asyncio.create_task(work()) for _ in range(in_flight)]
    everyone = asyncio.ensure_future(asyncio.gather(*workers))
    everyone.add_done_callback(lambda _: enough.set())
    try:
        with suppress(TimeoutError):
            await asyncio.wait_for(enough.wait(), LONGEST)
        if everyone.done():
            everyone.result()  # a teacher that is lost raises here
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, everyone, return_exceptions=True)
    rate = tokens / last if last else 0.0
    return Speed(in_flight, answers, rate, last, "" if answers else trouble or f"nothing in {LONGEST:g} s")


def _continuation(number: int) -> Request:
    """A request like no other, so that no cache answers it."""
    asked = f"{number}. Write a few sentences about the sea, the number {number} and the colour blue."
    return Request((Message("user", asked),), max_tokens=ANSWER_TOKENS, temperature=0.8, seed=number)


async def _within(teacher: Teacher, request: Request) -> Completion:
    try:
        async with asyncio.timeout(LONGEST):
            return await teacher.complete(request)
    except TimeoutError:
        return Completion("", FinishReason.FAILED, 0, 0, f"no answer within {LONGEST:g} s")
