"""Answers: after one seed that stands as an exchange already had, the new question in the same form."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from seedbed.generation.asking import Asker, Usage
from seedbed.generation.funnel import Loss
from seedbed.generation.quotation import stands_in
from seedbed.generation.recipe import ExemplarPlace
from seedbed.generation.seed import Seed
from seedbed.generation.task import Draft, Task, Written
from seedbed.teacher.teacher import Message, Request

QUOTED_ANSWER: Mapping[str, object] = {
    "type": "object",
    "properties": {"quote": {"type": "string"}, "answer": {"type": "string"}},
    "required": ["quote", "answer"],
    "additionalProperties": False,
}
"""What a step with `quote: true` is answered in; the quotation comes first, so that the answer follows from it."""


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
    if step.exemplar is ExemplarPlace.NONE:
        exemplar = None
    turns: tuple[Message, ...] = ()
    if exemplar is not None and step.exemplar is ExemplarPlace.TURN:
        shown = task.known(
            {
                "question": exemplar.question,
                "context": exemplar.context,
                "exemplar": None,
            }
        )
        prompt = task.templates.render(step.prompt, shown)
        turns = (Message("user", prompt), Message("assistant", exemplar.answer))
    inside = exemplar if step.exemplar is ExemplarPlace.PROMPT else None
    variables: dict[str, object] = {"question": question, "context": context, "exemplar": inside}
    request = task.request(step, variables, attempt=attempt, role=role, turns=turns)
    if step.quote:
        request = replace(request, json_schema=QUOTED_ANSWER)
    return request if temperature is None else replace(request, temperature=temperature)


async def write_answer(
    task: Task,
    draft: Draft,
    exemplar: Seed | None,
    attempt: int,
    asker: Asker,
    usage: Usage,
    *,
    role: str = "answer",
    temperature: float | None = None,
) -> Written | Loss:
    """The teacher's answer to a draft; with the quotation that bears it, verified, where the recipe asks for one."""
    request = answer_request(
        task,
        draft.question,
        draft.context,
        exemplar,
        attempt=attempt,
        role=role,
        temperature=temperature,
    )
    text = await asker.ask(request, usage)
    if isinstance(text, Loss) or not task.stream.answer.quote:
        return text if isinstance(text, Loss) else Written(text)
    return read_quoted_answer(text, draft.context or "")


def read_quoted_answer(text: str, source: str) -> Written | Loss:
    """Quotation and answer from what a teacher said, if it is that JSON, says something, and quotes `source`."""
    fields = read_fields(text, ("quote", "answer"))
    if isinstance(fields, Loss):
        return fields
    if not stands_in(fields["quote"], source):
        return Loss.QUOTE_NOT_FOUND
    return Written(fields["answer"], fields["quote"])


def read_fields(text: str, names: Sequence[str]) -> Mapping[str, str] | Loss:
    """Texts of a JSON object without the blanks around them; a loss for other JSON, other keys, or an empty text."""
    try:
        found = json.loads(text)
    except ValueError:
        return Loss.UNPARSABLE
    if not isinstance(found, dict) or set(found) != {*names}:
        return Loss.UNPARSABLE
    if not all(isinstance(value, str) for value in found.values()):
        return Loss.UNPARSABLE
    stripped = {name: found[name].strip() for name in names}
    return stripped if all(stripped.values()) else Loss.EMPTY


def other_exemplar(seeds: Sequence[Seed], index: int) -> Seed | None:
    """The seed after the one at `index`, to stand as its exemplar; None where there is no other."""
    return seeds[(index + 1) % len(seeds)] if len(seeds) > 1 else None
