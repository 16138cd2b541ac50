"""Knowledge: questions on a passage of the leaf's documents."""

from __future__ import annotations

import re
from collections.abc import Iterable

from seedbed.documents.passages import split_passages
from seedbed.documents.read_documents import Document
from seedbed.generation.asking import Asker, Usage
from seedbed.generation.funnel import Loss
from seedbed.generation.recipe import PassageRecipe
from seedbed.generation.task import Draft, SourcePassage, Task
from seedbed.teacher.teacher import Request

_HEADING = re.compile(r"#{1,6}(\s|$)")


def source_passages(documents: Iterable[Document], recipe: PassageRecipe) -> tuple[SourcePassage, ...]:
    """Every passage of the documents that says something, in order; equal passages once."""
    found: dict[str, SourcePassage] = {}
    for document in documents:
        for passage in split_passages(document.text, maximum_words=recipe.words):
            plain = recipe.form == "plain"
            text = plain_text(passage.body) if plain else under_headings(passage.body, passage.heading)
            if not text:
                continue
            span = passage.span
            pages = document.pages_of(span.line, span.end_line)
            place = SourcePassage(text, document.path, document.blob, span, document.parser, pages)
            found.setdefault(text, place)
    return tuple(found.values())


def plain_text(body: str) -> str:
    """Paragraphs without headings, each on one line, a blank line between them."""
    lines = "\n".join(line for line in body.splitlines() if not _HEADING.match(line)).strip()
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", lines))


def under_headings(body: str, heading: tuple[str, ...]) -> str:
    """The passage below the headings that it stands under, so that it can be understood alone."""
    return "\n\n".join((" > ".join(heading), body)) if heading and body else body


def question_request(task: Task, attempt: int) -> Request:
    """The request for a question on the passage, worded like some training seeds' questions."""
    assert task.passage is not None
    step = task.stream.question
    exemplars = task.exemplars()
    shown = task.random(attempt, "question").sample(exemplars, min(step.seeds, len(exemplars)))
    variables: dict[str, object] = {
        "context": task.passage.text,
        "questions": [seed.question for seed in shown],
    }
    return task.request(step, variables, attempt=attempt, role="question")


async def write_question(task: Task, attempt: int, asker: Asker, usage: Usage) -> Draft | Loss:
    """A question on the passage."""
    assert task.passage is not None
    text = await asker.ask(question_request(task, attempt), usage)
    return text if isinstance(text, Loss) else Draft(text, task.passage.text, task.leaf.kind)
