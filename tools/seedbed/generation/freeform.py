"""Freeform skills: a new question from several of the leaf's own."""

from __future__ import annotations

from seedbed.generation.asking import Asker, Usage
from seedbed.generation.funnel import Loss
from seedbed.generation.task import Draft, Task


async def write_question(task: Task, attempt: int, asker: Asker, usage: Usage) -> Draft | Loss:
    """A question like some training seeds, drawn in a new order for each attempt."""
    step = task.stream.question
    training = task.seeds.training
    shown = task.random(attempt, "question").sample(training, min(step.seeds, len(training)))
    variables: dict[str, object] = {"questions": [seed.question for seed in shown]}
    text = await asker.ask(task.request(step, variables, attempt=attempt, role="question"), usage)
    return text if isinstance(text, Loss) else Draft(text, None, task.leaf.kind)
