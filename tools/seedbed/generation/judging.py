"""Whether a question is worth an answer, and whether the answer is right: by recipe, verdicts or a second answer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from seedbed.generation.answering import answer_request, draw_exemplars
from seedbed.generation.asking import Asker, Usage, together
from seedbed.generation.funnel import Loss
from seedbed.generation.normalise import normalised
from seedbed.generation.recipe import JudgingMode
from seedbed.generation.task import Draft, Task
from seedbed.teacher.teacher import Message, Request

YES_NO = ("YES", "NO")
PAIR_SCORES = ("1", "2", "3")  # LAB paper, figure 4
VERDICT_TOKENS = 8  # room for one choice in any tokenizer


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that passed, and what it scored."""

    answer: str
    scores: Mapping[str, float]


async def answer_and_judge(
    task: Task, draft: Draft, attempt: int, asker: Asker, usage: Usage
) -> Answered | Loss:
    """The answer to a draft, if it earns its place."""
    if task.stream.judging.mode is JudgingMode.SECOND_ANSWER:
        return await _by_second_answer(task, draft, attempt, asker, usage)
    return await _by_verdict(task, draft, attempt, asker, usage)


async def _by_second_answer(
    task: Task, draft: Draft, attempt: int, asker: Asker, usage: Usage
) -> Answered | Loss:
    one, other = draw_exemplars(task, attempt)
    heat = task.stream.judging.second_temperature
    first, second = await together(
        asker.ask(request, usage)
        for request in (
            answer_request(task, draft.question, draft.context, one, attempt=attempt),
            answer_request(
                task,
                draft.question,
                draft.context,
                other,
                attempt=attempt,
                role="second answer",
                temperature=heat,
            ),
        )
    )
    for answer in (first, second):
        if isinstance(answer, Loss):
            return answer
    assert isinstance(first, str) and isinstance(second, str)
    return (
        Answered(first, {"agreement": 1.0})
        if normalised(first) == normalised(second)
        else Loss.ANSWERS_DIFFER
    )


async def _by_verdict(task: Task, draft: Draft, attempt: int, asker: Asker, usage: Usage) -> Answered | Loss:
    judging = task.stream.judging
    for name in judging.question_criteria:
        verdict = await _verdict(task, name, draft, "", YES_NO, attempt, asker, usage)
        if verdict != "YES":
            return Loss.UNFIT_QUESTION if verdict == "NO" else _unreadable(verdict)
    exemplar, _ = draw_exemplars(task, attempt)
    answer = await asker.ask(
        answer_request(task, draft.question, draft.context, exemplar, attempt=attempt), usage
    )
    if isinstance(answer, Loss):
        return answer
    for name in judging.answer_criteria:
        verdict = await _verdict(task, name, draft, answer, YES_NO, attempt, asker, usage)
        if verdict != "YES":
            return Loss.WRONG if verdict == "NO" else _unreadable(verdict)
    if judging.pair is None:
        return Answered(answer, {})
    score = await _verdict(task, judging.pair, draft, answer, PAIR_SCORES, attempt, asker, usage)
    if score not in PAIR_SCORES:
        return _unreadable(score)
    assert isinstance(score, str)
    return Answered(answer, {"pair": float(score)}) if int(score) >= judging.minimum_pair else Loss.WRONG


def _unreadable(verdict: str | Loss) -> Loss:
    return verdict if isinstance(verdict, Loss) else Loss.UNREADABLE_VERDICT


async def _verdict(
    task: Task,
    template: str,
    draft: Draft,
    answer: str,
    choices: tuple[str, ...],
    attempt: int,
    asker: Asker,
    usage: Usage,
) -> str | Loss:
    request = verdict_request(task, template, draft, answer, choices, attempt=attempt)
    verdict = await asker.ask(request, usage)
    if (
        verdict is Loss.CUT_OFF
    ):  # a closed choice may end exactly at the bound; anything else is not a verdict
        return Loss.UNREADABLE_VERDICT
    return verdict if isinstance(verdict, Loss) or verdict in choices else Loss.UNREADABLE_VERDICT


def verdict_request(
    task: Task, template: str, draft: Draft, answer: str, choices: tuple[str, ...], *, attempt: int
) -> Request:
    """A judge's request. What is judged stands between delimiters that it cannot contain: they are 128 bits of a
    digest over the judged text itself, so that no text can close its own quotation and speak as the judge."""
    seed = task.request_seed(attempt, f"verdict {template}")
    judged = "\0".join((str(seed), draft.question, draft.context or "", answer))
    nonce = hashlib.sha256(judged.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    variables = {
        **task.variables(),
        "question": draft.question,
        "context": draft.context,
        "answer": answer,
        "nonce": nonce,
    }
    system = task.stream.judging.system
    messages = (Message("system", task.templates.render(system, variables)),) if system else ()
    prompt = Message("user", task.templates.render(template, variables))
    return Request(
        (*messages, prompt), max_tokens=VERDICT_TOKENS, temperature=0.0, seed=seed, choices=choices
    )
