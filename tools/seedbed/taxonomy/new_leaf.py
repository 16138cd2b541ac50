"""The files of a leaf to fill in. Whatever a person must still write is a placeholder that `seedbed check` finds."""

from __future__ import annotations

import json

from seedbed.taxonomy.leaf import Kind

SEEDS = 5
QUESTIONS = 3
"""Questions under each passage of a knowledge leaf."""

_ATTRIBUTION = """\
Title of work: TODO: the title of what you drew on, or of your own work
Link to work: TODO: its address, or "written for this taxonomy"
Revision: 1
License of the work: TODO: an SPDX identifier such as CC-BY-4.0
Creator names: TODO: who wrote it
"""


def new_leaf_files(
    kind: Kind, *, schema: str | None, author: str | None = None, task: str | None = None
) -> dict[str, str]:
    """`qna.yaml` and `attribution.txt` by name. `schema` is the address that the editor's modeline names (None: there
    is none); `task` is what a skill teaches, or what the document of a knowledge leaf tells."""
    made_by = _quoted(author or "TODO: your GitHub user name")
    modeline = [] if schema is None else [f"# yaml-language-server: $schema={schema}"]
    head = [*modeline, "version: 3", f"created_by: {made_by}"]
    body = _knowledge(task) if kind is Kind.KNOWLEDGE else _skill(task, grounded=kind is Kind.GROUNDED)
    return {"qna.yaml": "\n".join([*head, *body]) + "\n", "attribution.txt": _ATTRIBUTION}


def _quoted(text: str) -> str:
    """`text` on one line as a YAML scalar in double quotes; JSON's escapes are YAML's too."""
    line = " ".join(text.split())
    return json.dumps(line, ensure_ascii=not line.isprintable())


def _skill(task: str | None, *, grounded: bool) -> list[str]:
    wanted = task or "TODO: what the model should learn to do, in a sentence or two"
    lines = [f"task_description: {_quoted(wanted)}", "seed_examples:"]
    for number in range(1, SEEDS + 1):
        if grounded:
            lines.append(f'  - context: "TODO: text {number} that the question is about"')
        lines.append(
            f'  {" " if grounded else "-"} question: "TODO: question {number}, as a user would ask it"'
        )
        lines.append(f'    answer: "TODO: answer {number}, as the model should give it"')
    return lines


def _knowledge(outline: str | None) -> list[str]:
    lines = [
        'domain: "TODO: the field, such as seamanship"',
        f"document_outline: {_quoted(outline or 'TODO: what the document tells, in a sentence')}",
        "document:",
        "  # Markdown files beside this one. For documents of another repository, add `repo` (https) and `commit` (40 hex).",
        "  patterns:",
        '    - "TODO: the name of the Markdown file"',
        "seed_examples:",
    ]
    for number in range(1, SEEDS + 1):
        lines.append(f'  - context: "{passage_to_copy(number)}"')
        lines.append("    questions_and_answers:")
        for question in range(1, QUESTIONS + 1):
            lines.append(f'      - question: "{question_to_write(number, question)}"')
            lines.append(f'        answer: "{answer_to_write(number, question)}"')
    return lines


def passage_to_copy(number: int) -> str:
    """The placeholder of a passage; all of them count from 1."""
    return f"TODO: passage {number}, copied from the document"


def question_to_write(passage: int, number: int) -> str:
    """The placeholder of a question under a passage."""
    return f"TODO: question {passage}.{number}, which the passage answers"


def answer_to_write(passage: int, number: int) -> str:
    """The placeholder of its answer."""
    return f"TODO: answer {passage}.{number}"
