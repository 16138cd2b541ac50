"""Answers: after one seed that stands as an exchange already had, the new question in the same form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from seedbed.generation.seed import Seed
from seedbed.generation.task import Task
from seedbed.teacher.teacher import Message, Request


def draw_exemplars(task: Task, attempt: int) -> tuple[Seed | None, Seed | None]:
    """Two training seeds for a first and a second answer; the same twice if there is but one, None if there is none."""
    exemplars = task.exemplars()
    if len(exemplars) < 2:
        only = exemplars[0] if exemplars else None
        return only, only
    first, second = task.random(attempt, "exemplar").sample(exemplars, 2)
    return first, second


def answer_request(
    task: Task,
    question: str,
    context: str | None,
    exemplar: Seed | None,
    *,
    attempt: int,
    role: str = "answer",
    temperature: float | None = None,
) -> Request:
    """The request for an answer; `temperature` stands in for the recipe's."""
    step = task.stream.answer
    turns: tuple[Message, ...] = ()
    if exemplar is not None:
        shown = {**task.variables(), "question": exemplar.question, "context": exemplar.context}
        prompt = task.templates.render(step.prompt, shown)
        turns = (Message("user", prompt), Message("assistant", exemplar.answer))
    variables: dict[str, object] = {"question": question, "context": context}
    request = task.request(step, variables, attempt=attempt, role=role, turns=turns)
    return request if temperature is None else replace(request, temperature=temperature)


def other_exemplar(seeds: Sequence[Seed], index: int) -> Seed | None:
    """The seed after the one at `index`, to stand as its exemplar; None where there is no other."""
    return seeds[(index + 1) % len(seeds)] if len(seeds) > 1 else None
