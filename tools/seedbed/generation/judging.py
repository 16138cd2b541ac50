"""Whether a question is worth an answer, and whether the answer is right: by recipe, verdicts or a second answer.

A verdict is one word of a closed list. Where the back end gives the log-probabilities of the list, a sample's scores
carry the probability of the verdict that let it pass, and a recipe may ask for a minimum.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from seedbed.generation.answering import draw_exemplars, write_answer
from seedbed.generation.asking import LOSSES, Asker, Usage, together
from seedbed.generation.enclosure import mark_of, without_mark
from seedbed.generation.funnel import Loss
from seedbed.generation.normalise import normalised
from seedbed.generation.recipe import JudgingMode
from seedbed.generation.task import Draft, Task, Written
from seedbed.teacher.teacher import Completion, FinishReason, Message, Request

YES_NO = ("YES", "NO")
PAIR_SCORES = ("1", "2", "3")  # LAB paper, figure 4
VERDICT_TOKENS = 8  # room for one choice in any tokenizer


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that passed, what it scored, and the words of the passage that bear it (where they were asked for)."""

    answer: str
    scores: Mapping[str, float]
    quote: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a judge said, and the probabilities of all that it could have said; empty where nobody tells."""

    choice: str
    probabilities: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fallen:
    """Why a draft gave no sample, and the answer that fell, if it came to one."""

    loss: Loss
    answer: str | None = None


async def answer_and_judge(
    task: Task, draft: Draft, attempt: int, asker: Asker, usage: Usage
) -> Answered | Fallen:
    """The answer to a draft, if it earns its place."""
    by_answers = task.stream.judging.mode is JudgingMode.SECOND_ANSWER
    judge = _by_second_answer if by_answers else _by_verdict
    outcome = await judge(task, draft, attempt, asker, usage)
    return Fallen(outcome) if isinstance(outcome, Loss) else outcome


async def _by_second_answer(
    task: Task, draft: Draft, attempt: int, asker: Asker, usage: Usage
) -> Answered | Fallen | Loss:
    one, other = draw_exemplars(task, attempt)
    heat = task.stream.judging.second_temperature
    first, second = await together(
        (
            write_answer(task, draft, one, attempt, asker, usage),
            write_answer(task, draft, other, attempt, asker, usage, role="second answer", temperature=heat),
        )
    )
    if isinstance(first, Loss):
        return first
    if isinstance(second, Loss):
        return second
    same = normalised(first.answer) == normalised(second.answer)
    if not same:
        return Fallen(Loss.ANSWERS_DIFFER, first.answer)
    return Answered(first.answer, {"agreement": 1.0}, first.quote)


async def _by_verdict(
    task: Task, draft: Draft, attempt: int, asker: Asker, usage: Usage
) -> Answered | Fallen | Loss:
    judging = task.stream.judging
    scores: dict[str, float] = {}
    for name in judging.question_criteria:
        loss = await _fails(task, name, draft, "", Loss.UNFIT_QUESTION, scores, attempt, asker, usage)
        if loss is not None:
            return loss
    written = draft.written or await _answer(task, draft, attempt, asker, usage)
    if isinstance(written, Loss):
        return written
    judged = [(name, Loss.WRONG) for name in judging.answer_criteria]
    judged += [(name, Loss.UNSAFE) for name in judging.safety_criteria]
    for name, told in judged:
        loss = await _fails(task, name, draft, written.answer, told, scores, attempt, asker, usage)
        if loss is not None:
            return Fallen(loss, written.answer)
    loss = await _fails_as_pair(task, draft, written.answer, scores, attempt, asker, usage)
    if loss is not None:
        return Fallen(loss, written.answer)
    return Answered(written.answer, scores, written.quote)


async def _answer(task: Task, draft: Draft, attempt: int, asker: Asker, usage: Usage) -> Written | Loss:
    exemplar, _ = draw_exemplars(task, attempt)
    return await write_answer(task, draft, exemplar, attempt, asker, usage)


async def _fails(
    task: Task,
    template: str,
    draft: Draft,
    answer: str,
    told: Loss,
    scores: dict[str, float],
    attempt: int,
    asker: Asker,
    usage: Usage,
) -> Loss | None:
    """Why a question or an answer falls by one criterion (`told` for a clear NO); its probability goes into `scores`."""
    request = verdict_request(task, template, draft, answer, YES_NO, attempt=attempt)
    verdict = await ask_verdict(request, asker, usage)
    if isinstance(verdict, Loss):
        return verdict
    if verdict.choice != "YES":
        return told
    probability = verdict.probabilities.get("YES")
    if probability is not None:
        scores[criterion_name(template)] = probability
    return _unsure(probability, task.stream.judging.minimum_probability)


async def _fails_as_pair(
    task: Task,
    draft: Draft,
    answer: str,
    scores: dict[str, float],
    attempt: int,
    asker: Asker,
    usage: Usage,
) -> Loss | None:
    judging = task.stream.judging
    if judging.pair is None:
        return None
    request = verdict_request(task, judging.pair, draft, answer, PAIR_SCORES, attempt=attempt)
    verdict = await ask_verdict(request, asker, usage)
    if isinstance(verdict, Loss):
        return verdict
    if int(verdict.choice) < judging.minimum_pair:
        return Loss.WRONG
    scores["pair"] = float(verdict.choice)
    passing = [
        chance for grade, chance in verdict.probabilities.items() if int(grade) >= judging.minimum_pair
    ]
    probability = min(1.0, sum(passing)) if passing else None
    if probability is not None:
        scores["pair_probability"] = probability
    return _unsure(probability, judging.minimum_probability)


def _unsure(probability: float | None, minimum: float) -> Loss | None:
    if minimum <= 0:
        return None
    if probability is None:
        return Loss.NO_PROBABILITY
    return Loss.UNSURE if probability < minimum else None


async def ask_verdict(request: Request, asker: Asker, usage: Usage) -> Verdict | Loss:
    """A judge's word, if it is one of the closed list to the letter: anything else is no verdict."""
    assert request.choices is not None
    completion = await asker.complete(request, usage)
    said = completion.text.strip()
    reason = completion.finish_reason
    if reason is FinishReason.LENGTH:  # a closed choice may end exactly at the bound
        return Loss.UNREADABLE_VERDICT
    if reason is not FinishReason.STOP:
        return LOSSES[reason]
    if not said:
        return Loss.EMPTY
    return Verdict(said, _probabilities(completion)) if said in request.choices else Loss.UNREADABLE_VERDICT


def _probabilities(completion: Completion) -> Mapping[str, float]:
    """Each choice's share of what the choices hold together."""
    found = completion.choice_log_probabilities or {}
    finite = {choice: value for choice, value in found.items() if not math.isnan(value)}
    if not finite:
        return {}
    highest = max(finite.values())
    if math.isinf(highest):
        return {}
    weights = {choice: math.exp(value - highest) for choice, value in finite.items()}
    total = sum(weights.values())
    return {choice: weight / total for choice, weight in weights.items()}


def criterion_name(template: str) -> str:
    """What a criterion is called in scores and reports: its template's name without folder, `judge_` and ending."""
    return PurePosixPath(template).stem.removeprefix("judge_")


def verdict_request(
    task: Task, template: str, draft: Draft, answer: str, choices: tuple[str, ...], *, attempt: int
) -> Request:
    """A judge's request. What is judged stands between marks that it cannot contain (see `enclosure`)."""
    seed = task.request_seed(attempt, f"verdict {template}")
    question = without_mark(draft.question, draft.context)
    answer = without_mark(answer, draft.context)
    variables = {
        "question": question,
        "context": draft.context,
        "answer": answer,
        "nonce": mark_of("judged", question, draft.context or "", answer),  # one for all criteria
    }
    known = task.known(variables)
    system = task.stream.judging.system
    messages = (Message("system", task.templates.render(system, known)),) if system else ()
    prompt = Message("user", task.templates.render(template, known))
    return Request(
        (*messages, prompt), max_tokens=VERDICT_TOKENS, temperature=0.0, seed=seed, choices=choices
    )
