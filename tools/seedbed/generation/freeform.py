"""Freeform skills: a new question from several of the leaf's own."""

from __future__ import annotations

from seedbed.generation.asking import Asker, Usage
from seedbed.generation.funnel import Loss
from seedbed.generation.task import Draft, Task
from seedbed.teacher.teacher import Request


def question_request(task: Task, attempt: int) -> Request:
    """The request for a question like some training seeds, drawn in a new order for each attempt."""
    step = task.stream.question
    training = task.shown
    shown = task.random(attempt, "question").sample(training, min(step.seeds, len(training)))
    variables: dict[str, object] = {"questions": [seed.question for seed in shown]}
    return task.request(step, variables, attempt=attempt, role="question")


async def write_question(task: Task, attempt: int, asker: Asker, usage: Usage) -> Draft | Loss:
    """A new question."""
    text = await asker.ask(question_request(task, attempt), usage)
    return text if isinstance(text, Loss) else Draft(text, None, task.leaf.kind)
