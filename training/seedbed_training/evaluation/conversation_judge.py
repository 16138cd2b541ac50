"""Judging conversations as MT-Bench does (Zheng et al. 2023, arXiv 2306.05685): grades from 1 to 10, and pairs.

Two of its known faults are met here: a judge that grades twice differs from itself, so every answer is graded several
times and the spread is reported; and it favours a place, so pairs are shown in both orders and only an agreement of the
two counts as a win.
"""

from __future__ import annotations

import asyncio
import hashlib
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seedbed.generation.asking import together
from seedbed.generation.enclosure import mark_of
from seedbed.teacher.teacher import FinishReason, Message, Request, Teacher
from seedbed_training.evaluation.conversation_questions import ConversationQuestion
from seedbed_training.evaluation.judge_prompts import check_reads, judge_templates

GRADES = tuple(map(str, range(1, 11)))
FIRST, SECOND, TIE = "FIRST", "SECOND", "TIE"
_HEAT = 0.7  # of the judge's repeated grades; at 0 they would all be the same and hide its spread
_VERDICT_TOKENS = 4

Answers = Mapping[str, tuple[str, ...]]
"""Question id → one answer for each turn."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Graded:
    """One model's grades. `spread` is the mean standard deviation between the judge's grades of one answer."""

    mean: float
    standard_error: float
    spread: float
    answers: int
    unread: int
    """Grades that the judge did not give, or not from its list."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One model against another, by the last turn of each question. `undecided`: the two orders disagreed."""

    wins: int
    losses: int
    ties: int
    undecided: int


async def answer_questions(
    model: Teacher, questions: Sequence[ConversationQuestion], *, max_tokens: int, progress: Progress
) -> Answers:
    """What a model says, greedily, each turn after its own earlier ones; an answer that cannot be had is empty."""
    done = 0

    async def talk(question: ConversationQuestion) -> tuple[str, ...]:
        nonlocal done
        heard: list[Message] = []
        for turn in question.turns:
            heard.append(Message("user", turn))
            completion = await model.complete(Request(tuple(heard), max_tokens=max_tokens))
            heard.append(Message("assistant", completion.text))
        done += 1
        progress(done, len(questions))
        return tuple(message.content for message in heard[1::2])

    said = await _bounded(model, [talk(question) for question in questions])
    return {question.id: answers for question, answers in zip(questions, said, strict=True)}


async def grade(
    judge: Teacher, questions: Sequence[ConversationQuestion], answers: Answers, *, judgements: int = 3
) -> Graded:
    """Every turn of every question, graded `judgements` times.

    Raises ConfigurationError for a judge that cannot read, TeacherError when it is lost.
    """
    check_reads(judge)
    asked = [
        (question, turn, number)
        for question in questions
        for turn in range(len(question.turns))
        for number in range(judgements)
    ]
    requests = [
        _grade_request(question, answers[question.id], turn, number) for question, turn, number in asked
    ]
    verdicts = await _bounded(judge, [_verdict(judge, request) for request in requests])
    grades: dict[tuple[str, int], list[int]] = {}
    for (question, turn, _), verdict in zip(asked, verdicts, strict=True):
        if verdict is not None:
            grades.setdefault((question.id, turn), []).append(int(verdict))
    means = [statistics.fmean(found) for found in grades.values()]
    return Graded(
        mean=statistics.fmean(means) if means else 0.0,
        standard_error=statistics.stdev(means) / len(means) ** 0.5 if len(means) > 1 else 0.0,
        spread=statistics.fmean([statistics.pstdev(found) for found in grades.values()]) if grades else 0.0,
        answers=len(means),
        unread=sum(verdict is None for verdict in verdicts),
    )


async def compare(
    judge: Teacher, questions: Sequence[ConversationQuestion], mine: Answers, other: Answers
) -> Compared:
    """Each question in both orders; the same texts are a tie without asking."""
    differing = [question for question in questions if mine[question.id] != other[question.id]]
    orders = [(question, mine, other) for question in differing] + [
        (question, other, mine) for question in differing
    ]
    verdicts = await _bounded(judge, [_verdict(judge, _pair_request(*order)) for order in orders])
    half = len(differing)
    outcomes = Counter(_outcome(verdicts[number], verdicts[half + number]) for number in range(half))
    return Compared(
        outcomes["win"], outcomes["loss"], outcomes["tie"] + len(questions) - half, outcomes["undecided"]
    )


def _outcome(shown_first: str | None, shown_second: str | None) -> str:
    """From the verdict with my answer first, and the one with my answer second."""
    pair = (shown_first, shown_second)
    return {(FIRST, SECOND): "win", (SECOND, FIRST): "loss", (TIE, TIE): "tie"}.get(
        (pair[0] or "", pair[1] or ""), "undecided"
    )


async def _verdict(judge: Teacher, request: Request) -> str | None:
    completion = await judge.complete(request)
    said = completion.text.strip()
    if completion.finish_reason in (FinishReason.REFUSED, FinishReason.FAILED) or not request.choices:
        return None
    return said if said in request.choices else None


async def _bounded(teacher: Teacher, work: Sequence[Any]) -> Sequence[Any]:
    free = asyncio.Semaphore(teacher.concurrency)

    async def one(job: Any) -> Any:
        async with free:
            return await job

    return await together(one(job) for job in work)


def _grade_request(question: ConversationQuestion, answers: Sequence[str], turn: int, number: int) -> Request:
    conversation = _written(question, answers[: turn + 1])
    variables = {
        "mark": mark_of("judged", conversation),
        "conversation": conversation,
        "reference": question.references[turn] if turn < len(question.references) else "",
    }
    return _request("judge_answer", variables, GRADES, heat=_HEAT, seed=_seed(question.id, turn, number))


def _pair_request(question: ConversationQuestion, first: Answers, second: Answers) -> Request:
    texts = (_written(question, first[question.id]), _written(question, second[question.id]))
    variables = {
        "mark": mark_of("judged", *texts),
        "first": texts[0],
        "second": texts[1],
        "reference": question.references[-1] if len(question.references) == len(question.turns) else "",
    }
    return _request("judge_pair", variables, (FIRST, SECOND, TIE), heat=0.0, seed=0)


def _request(
    template: str, variables: Mapping[str, object], choices: tuple[str, ...], *, heat: float, seed: int
) -> Request:
    templates = judge_templates()
    messages = (
        Message("system", templates.render("judge_system", variables)),
        Message("user", templates.render(template, variables)),
    )
    return Request(messages, max_tokens=_VERDICT_TOKENS, temperature=heat, seed=seed, choices=choices)


def _written(question: ConversationQuestion, answers: Sequence[str]) -> str:
    turns = zip(question.turns, answers, strict=False)
    return "\n\n".join(f"User: {asked}\n\nAssistant: {said}" for asked, said in turns)


def _seed(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:4]) >> 1
