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

from seedbed.errors import TrainingError
from seedbed.generation.asking import Asker, Usage, together
from seedbed.generation.enclosure import mark_of
from seedbed.generation.funnel import Loss
from seedbed.generation.judging import VERDICT_TOKENS, ask_verdict
from seedbed.teacher.teacher import Message, Request, Teacher
from seedbed_training.evaluation.conversation_questions import ConversationQuestion
from seedbed_training.evaluation.judge_prompts import check_reads, judge_templates

GRADES = tuple(map(str, range(1, 11)))
FIRST, SECOND, TIE = "FIRST", "SECOND", "TIE"
_HEAT = 0.7  # of the judge's repeated grades; at 0 they would all be the same and hide its spread

Answers = Mapping[str, tuple[str, ...]]
"""Question id → one answer for each turn."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Graded:
    """One model's grades. `spread` is the mean standard deviation between the judge's grades of one answer."""

    mean: float
    standard_error: float | None
    """Over questions, since the turns of one are alike; None with a single question."""
    spread: float
    answers: int
    unread: int
    """Grades that the judge did not give, or not from its list; no part of the mean."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One model against another, by whole conversations. `undecided`: the judge changed its mind with the order;
    `unread`: in one order or both it gave no verdict from its list."""

    wins: int
    losses: int
    ties: int
    undecided: int
    unread: int = 0


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

    Raises ConfigurationError for a judge that cannot read, TeacherError when it is lost, TrainingError when it could not
    be asked, or gave not one grade that could be read.
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
    verdicts = await _verdicts(judge, requests)
    grades: dict[tuple[str, int], list[int]] = {}
    for (question, turn, _), verdict in zip(asked, verdicts, strict=True):
        if verdict is not None:
            grades.setdefault((question.id, turn), []).append(int(verdict))
    if not grades:
        raise TrainingError(
            f"{judge.identity} gave no grade from 1 to 10 that could be read, of {len(verdicts)} that it was asked for",
            hint="name a judge that answers with the number alone: --judge, or judge under [evaluation] in seedbed.toml",
        )
    means = [statistics.fmean(found) for found in grades.values()]
    return Graded(
        mean=statistics.fmean(means),
        standard_error=_standard_error({answer: statistics.fmean(found) for answer, found in grades.items()}),
        spread=statistics.fmean([statistics.pstdev(found) for found in grades.values()]),
        answers=len(means),
        unread=sum(verdict is None for verdict in verdicts),
    )


async def compare(
    judge: Teacher, questions: Sequence[ConversationQuestion], mine: Answers, other: Answers
) -> Compared:
    """Each question in both orders; the same texts are a tie without asking. Raises as `grade` does for a judge that
    could not be asked."""
    check_reads(judge)
    differing = [question for question in questions if mine[question.id] != other[question.id]]
    orders = [(question, mine, other) for question in differing] + [
        (question, other, mine) for question in differing
    ]
    verdicts = await _verdicts(judge, [_pair_request(*order) for order in orders])
    half = len(differing)
    outcomes = Counter(_outcome(verdicts[number], verdicts[half + number]) for number in range(half))
    return Compared(
        outcomes["win"],
        outcomes["loss"],
        outcomes["tie"] + len(questions) - half,
        outcomes["undecided"],
        outcomes["unread"],
    )


def _standard_error(means: Mapping[tuple[str, int], float]) -> float | None:
    """Of the mean over all answers, from the mean grade of each (question, turn)."""
    whole = statistics.fmean(means.values())
    off: dict[str, float] = {}
    for (question, _), mean in means.items():
        off[question] = off.get(question, 0.0) + mean - whole
    if len(off) < 2:
        return None
    among = len(off) / (len(off) - 1) * sum(value**2 for value in off.values())
    return float(among**0.5 / len(means))


def _outcome(shown_first: str | None, shown_second: str | None) -> str:
    """From the verdict with my answer first, and the one with my answer second."""
    if shown_first is None or shown_second is None:
        return "unread"
    pair = (shown_first, shown_second)
    return {(FIRST, SECOND): "win", (SECOND, FIRST): "loss", (TIE, TIE): "tie"}.get(pair, "undecided")


async def _verdicts(judge: Teacher, requests: Sequence[Request]) -> Sequence[str | None]:
    """One for each request, None where the judge said nothing from its list."""
    asker, usage = Asker(judge), Usage()
    found = await together(ask_verdict(request, asker, usage) for request in requests)
    failed = sum(verdict is Loss.FAILED for verdict in found)
    if failed:
        raise TrainingError(
            f"the judge failed on {failed} of {len(found)} grades and comparisons",
            hint="its log or its server says why; the same command asks it for these alone again",
        )
    return [None if isinstance(verdict, Loss) else verdict.choice for verdict in found]


async def _bounded(teacher: Teacher, work: Sequence[Any]) -> Sequence[Any]:
    free = asyncio.Semaphore(teacher.concurrency)

    async def one(job: Any) -> Any:
        async with free:
            return await job

    return await together(one(job) for job in work)


def _grade_request(question: ConversationQuestion, answers: Sequence[str], turn: int, number: int) -> Request:
    before, asked, answer = _written(question, answers[:turn]), question.turns[turn], answers[turn]
    variables = {
        "mark": mark_of("judged", before, asked, answer),
        "before": before,
        "question": asked,
        "answer": answer,
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
    return Request(messages, max_tokens=VERDICT_TOKENS, temperature=heat, seed=seed, choices=choices)


def _written(question: ConversationQuestion, answers: Sequence[str]) -> str:
    turns = zip(question.turns, answers, strict=False)
    return "\n\n".join(f"User: {asked}\n\nAssistant: {said}" for asked, said in turns)


def _seed(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:4]) >> 1
