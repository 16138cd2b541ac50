"""What a preview may spend: no cap is broken, and what fits is asked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbed.generation.cost import Prices
from seedbed.generation.preview_budget import CappedTeacher, Caps
from seedbed.teacher.teacher import Completion, FinishReason, Message, Request, TeacherIdentity


@dataclass
class Spender:
    """Answers with so many tokens as it is told, never more than was asked for; `spent` is what it charged."""

    answers: list[int]
    spent: list[tuple[int, int]] = field(default_factory=list)
    hang: bool = False
    identity = TeacherIdentity("test", "spender", "1")
    concurrency = 4

    async def complete(self, request: Request) -> Completion:
        if self.hang:
            await asyncio.Event().wait()
        answer = min(self.answers.pop() if self.answers else 0, request.max_tokens)
        await asyncio.sleep(0)
        charged = (len(request.messages[0].content) // 4, answer)
        self.spent.append(charged)
        return Completion("x", FinishReason.STOP, *charged)

    def unknown_words(self, text: str) -> tuple[str, ...]:
        return ()

    async def close(self) -> None:
        return None


def asked(size: int, most: int) -> Request:
    return Request((Message("user", "x" * size),), max_tokens=most)


def ask_all(teacher: CappedTeacher, requests: list[Request]) -> list[Completion]:
    async def run() -> list[Completion]:
        return list(await asyncio.gather(*map(teacher.complete, requests)))

    return asyncio.run(run())


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(1, 100), st.integers(0, 100)), max_size=20),
    st.integers(0, 1_000),
)
def test_tokens_never_exceed_their_cap(wanted: list[tuple[int, int, int]], cap: int) -> None:
    spender = Spender([answer for _, _, answer in wanted])
    teacher = CappedTeacher(spender, Caps(tokens=cap))
    answers = ask_all(teacher, [asked(size, most) for size, most, _ in wanted])
    assert sum(map(sum, spender.spent)) <= cap
    failed = [answer for answer in answers if answer.finish_reason is FinishReason.FAILED]
    assert bool(failed) == (teacher.stopped == "tokens") and len(failed) + len(spender.spent) == len(wanted)


def test_what_answers_did_not_use_is_there_for_others() -> None:
    """Ten answers of at most 100 tokens that use one each fit into 150."""
    spender = Spender([1] * 10)
    teacher = CappedTeacher(spender, Caps(tokens=150))
    ask_all(teacher, [asked(0, 100)] * 10)
    assert len(spender.spent) == 10 and teacher.stopped is None


@pytest.mark.parametrize(("cap", "answered"), [(0.5, 0), (1.0, 1), (10.0, 3)])
def test_cost(cap: float, answered: int) -> None:
    spender = Spender([1_000] * 3)
    teacher = CappedTeacher(spender, Caps(cost=cap), Prices(completion=1_000.0))
    ask_all(teacher, [asked(0, 1_000)] * 3)
    assert len(spender.spent) == answered
    assert teacher.stopped == (None if answered == 3 else "cost")


def test_time() -> None:
    now = [0.0]
    spender = Spender([1] * 9)
    teacher = CappedTeacher(spender, Caps(seconds=5), clock=lambda: now[0])
    assert ask_all(teacher, [asked(0, 1)])[0].finish_reason is FinishReason.STOP
    now[0] = 5.0
    assert ask_all(teacher, [asked(0, 1)])[0].finish_reason is FinishReason.FAILED
    assert teacher.stopped == "seconds" and len(spender.spent) == 1


def test_a_teacher_that_hangs_is_left_at_the_end_of_the_time() -> None:
    now = [0.0]
    teacher = CappedTeacher(Spender([], hang=True), Caps(seconds=5), clock=lambda: now[0])
    now[0] = 4.999
    [answer] = ask_all(teacher, [asked(0, 1)])
    assert answer.finish_reason is FinishReason.FAILED and "seconds" in answer.detail
