"""Grounded skills: a new context from the leaf's own, then a question on it."""

from __future__ import annotations

from seedbed.generation.asking import Asker, Usage
from seedbed.generation.deduplication import SeedTexts
from seedbed.generation.funnel import Loss
from seedbed.generation.task import Draft, Task
from seedbed.teacher.teacher import Request


async def write_question(task: Task, attempt: int, asker: Asker, usage: Usage) -> Draft | Loss:
    """A context like some training contexts, and a question on it like a training seed's.

    A context that copies any seed's, held-out ones included, goes no further: it would carry a held-out text into
    the next prompt.
    """
    context = await _write_context(task, attempt, asker, usage)
    if isinstance(context, Loss):
        return context
    text = await asker.ask(question_request(task, attempt, context), usage)
    return text if isinstance(text, Loss) else Draft(text, context, task.leaf.kind)


def question_request(task: Task, attempt: int, context: str) -> Request:
    """The request for a question on a new context, like some training seeds' questions."""
    step = task.stream.question
    random = task.random(attempt, "question")
    shown = random.sample(task.shown, min(step.seeds, len(task.shown)))
    variables: dict[str, object] = {"context": context, "questions": [seed.question for seed in shown]}
    return task.request(step, variables, attempt=attempt, role="question")


def context_request(task: Task, attempt: int) -> Request:
    """The request for a context like some training contexts."""
    step = task.stream.context
    assert step is not None  # the recipe's reader requires it
    contexts = list(dict.fromkeys(seed.context for seed in task.shown if seed.context))
    shown = task.random(attempt, "context").sample(contexts, min(step.seeds, len(contexts)))
    return task.request(step, {"contexts": shown}, attempt=attempt, role="context")


async def _write_context(task: Task, attempt: int, asker: Asker, usage: Usage) -> str | Loss:
    text = await asker.ask(context_request(task, attempt), usage)
    if isinstance(text, Loss):
        return text
    seeds = SeedTexts(
        task.recipe.near_copy,
        shown=(seed.context for seed in task.shown if seed.context),
        held_out=(seed.context for seed in task.seeds.held_out if seed.context),
    )
    return Loss.SEED_COPY if seeds.copied(text) is not None else text
