"""Views: a passage told in another form (a summary, its atomic facts, a rewrite), each a sample to learn it from.

Later work found such views to carry more of a document into a model than questions alone (SPA, arXiv 2603.22213;
Knowledge-Instruct). A view is asked for with the passage first and the task after it, so that all views of a passage
share its prefix. The teacher names the subject, so that the student can be asked for the view without the passage
(`Summarise what is known about …`), and quotes the passage. A view is judged against the passage, never against
another view. Views belong to the stage `knowledge_long` and are never held out: they are study texts, not questions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from seedbed.generation.answering import read_fields
from seedbed.generation.asking import Asker, Usage
from seedbed.generation.funnel import Loss
from seedbed.generation.quotation import stands_in
from seedbed.generation.recipe import SUBJECT, ViewForm
from seedbed.generation.task import Draft, Task, Written
from seedbed.teacher.teacher import Request

_TEXT = {"type": "string"}
TEXT_VIEW: Mapping[str, object] = {
    "type": "object",
    "properties": {"subject": _TEXT, "quote": _TEXT, "text": _TEXT},
    "required": ["subject", "quote", "text"],
    "additionalProperties": False,
}
FACTS_VIEW: Mapping[str, object] = {
    "type": "object",
    "properties": {
        "subject": _TEXT,
        "facts": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"quote": _TEXT, "fact": _TEXT},
                "required": ["quote", "fact"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["subject", "facts"],
    "additionalProperties": False,
}
_SCHEMAS = {ViewForm.TEXT: TEXT_VIEW, ViewForm.FACTS: FACTS_VIEW}


def view_request(task: Task, attempt: int) -> Request:
    """The request for the view of a task's passage, as JSON."""
    assert task.view is not None and task.passage is not None
    variables: dict[str, object] = {"context": task.passage.text}
    request = task.request(task.view.write, variables, attempt=attempt, role=f"view {task.view.name}")
    return replace(request, json_schema=_SCHEMAS[task.view.form])


async def write_view(task: Task, attempt: int, asker: Asker, usage: Usage) -> Draft | Loss:
    """A view of the passage, with what the student is asked for it; its quotations stand in the passage."""
    assert task.view is not None and task.passage is not None
    text = await asker.ask(view_request(task, attempt), usage)
    if isinstance(text, Loss):
        return text
    read = _read_facts if task.view.form is ViewForm.FACTS else _read_text
    found = read(text, task.passage.text)
    if isinstance(found, Loss):
        return found
    subject, written = found
    question = task.view.instruction.replace(SUBJECT, subject)
    return Draft(question, task.passage.text, task.leaf.kind, written)


def _read_text(text: str, source: str) -> tuple[str, Written] | Loss:
    fields = read_fields(text, ("subject", "quote", "text"))
    if isinstance(fields, Loss):
        return fields
    if not stands_in(fields["quote"], source):
        return Loss.QUOTE_NOT_FOUND
    return fields["subject"], Written(fields["text"], fields["quote"])


def _read_facts(text: str, source: str) -> tuple[str, Written] | Loss:
    """One fact on each line; one whose quotation does not stand in the passage is left out, and if none is left, all."""
    try:
        found: Any = json.loads(text)
    except ValueError:
        return Loss.UNPARSABLE
    if not isinstance(found, dict) or set(found) != {"subject", "facts"}:
        return Loss.UNPARSABLE
    subject, items = found["subject"], found["facts"]
    if not isinstance(subject, str) or not isinstance(items, list):
        return Loss.UNPARSABLE
    facts = [read_fields(json.dumps(item), ("quote", "fact")) for item in items]
    if any(fact is Loss.UNPARSABLE for fact in facts):
        return Loss.UNPARSABLE
    told = [fact for fact in facts if not isinstance(fact, Loss)]
    if not subject.strip() or not told:
        return Loss.EMPTY
    borne = [fact for fact in told if stands_in(fact["quote"], source)]
    if not borne:
        return Loss.QUOTE_NOT_FOUND
    lines = "\n".join(f"- {' '.join(fact['fact'].split())}" for fact in borne)
    return subject.strip(), Written(lines, "\n".join(" ".join(fact["quote"].split()) for fact in borne))
