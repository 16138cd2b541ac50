"""Questions of one or two turns for a judge, as MT-Bench keeps them: one JSON object a line."""

from __future__ import annotations

import json
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
            raise ConfigurationError(f"{path} is larger than {_LIMIT >> 20} MiB")
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the questions cannot be read: {error}") from error
    found = [_question(line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip()]
    if not found:
        raise ConfigurationError(
            f"{path} holds no question", hint='a line: {"question_id": 1, "turns": ["…"]}'
        )
    twice = {one.id for one in found if sum(other.id == one.id for other in found) > 1}
    if twice:
        raise ConfigurationError(f"{path} has several questions {', '.join(sorted(twice))}; ids must differ")
    return tuple(found)


def _question(line: str, place: str) -> ConversationQuestion:
    try:
        fields = json.loads(line)
        turns, references = fields["turns"], fields.get("reference") or ()
        if not turns or not all(isinstance(text, str) for text in (*turns, *references)):
            raise TypeError("turns and reference must be lists of text")
        return ConversationQuestion(
            str(fields["question_id"]), str(fields.get("category", "")), tuple(turns), tuple(references)
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"{place} is no question: {error}", hint='a line: {"question_id": 1, "turns": ["…"]}'
        ) from error
