"""Questions of one or two turns for a judge, as MT-Bench keeps them: one JSON object a line."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from seedbed.errors import ConfigurationError

_LIMIT = 16 << 20  # bytes


@dataclass(frozen=True, slots=True)
class ConversationQuestion:
    """`references` has a right answer for each turn where the question has one, else it is empty."""

    id: str
    category: str
    turns: tuple[str, ...]
    references: tuple[str, ...] = ()


def read_questions(path: Path) -> tuple[ConversationQuestion, ...]:
    """`question_id`, `category`, `turns` and, if wanted, `reference`, as in FastChat's question.jsonl.

    Raises ConfigurationError, with the line, for anything else.
    """
    try:
        if path.stat().st_size > _LIMIT:
            raise ConfigurationError(
                f"{path} is larger than {_LIMIT >> 20} MiB, more than any file of questions to judge",
                hint="name a file with fewer questions",
            )
        lines = path.read_text(encoding="utf-8").split("\n")  # JSON may hold other line ends
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"the questions cannot be read: {error}",
            hint="name a file with a JSON object a line, such as MT-Bench's question.jsonl",
        ) from error
    found = [_question(line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip()]
    if not found:
        raise ConfigurationError(
            f"{path} holds no question", hint='a line: {"question_id": 1, "turns": ["…"]}'
        )
    twice = [identity for identity, times in Counter(one.id for one in found).items() if times > 1]
    if twice:
        raise ConfigurationError(
            f"{path} has several questions {', '.join(sorted(twice))}; ids must differ",
            hint="give each line a question_id of its own",
        )
    return tuple(found)


def _question(line: str, place: str) -> ConversationQuestion:
    try:
        fields = json.loads(line)
        turns, references = fields["turns"], fields.get("reference") or []
        if not (turns and _are_texts(turns) and _are_texts(references)):
            raise TypeError("turns and reference must be lists of text")
        return ConversationQuestion(
            str(fields["question_id"]), str(fields.get("category", "")), tuple(turns), tuple(references)
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"{place} is no question: {error}", hint='a line: {"question_id": 1, "turns": ["…"]}'
        ) from error


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) and text.strip() for text in value)
