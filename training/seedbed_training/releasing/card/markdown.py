"""Pieces of Markdown, harmless whatever the text in them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from seedbed.reports.escape import markdown_inline, terminal_text

MOST_ROWS = 200
"""Of a table: a card that is longer than a hub shows is read by nobody."""

_NAMED = 5  # authors, licences or leaves in a sentence before the rest is counted

inline = markdown_inline
"""Text that people wrote, harmless in a table cell: authors and licences come from files of contributors."""


def table(rows: Sequence[Sequence[str]]) -> str:
    """The first row is the head."""
    head, *body = rows
    lines = [head, tuple("---" for _ in head), *body]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def capped_table(rows: Sequence[Sequence[str]], rest: str) -> str:
    """A table of at most `MOST_ROWS` rows below its head; `rest` says where the others are."""
    more = len(rows) - 1 - MOST_ROWS
    if more <= 0:
        return table(rows)
    return f"{table(rows[: MOST_ROWS + 1])}\n\n{more:,} more rows are left out here; {rest}."


def code(text: str) -> str:
    """A code span."""
    return f"`{code_text(text)}`"


def code_text(text: str) -> str:
    """Text as a code span in a table cell can hold it."""
    return terminal_text(text).replace("`", "'").replace("|", "/")


def fenced(text: str, language: str = "") -> str:
    """A code block whose fence is longer than any in `text`."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text.rstrip()}\n{fence}\n"


def first_few(texts: Sequence[str]) -> str:
    """In a sentence: the first five, and how many more there are."""
    more = f" and {len(texts) - _NAMED:,} more" if len(texts) > _NAMED else ""
    return f"{', '.join(texts[:_NAMED])}{more}"


def figure(value: float | None) -> str:
    """Two digits, or a dash for what was not measured."""
    return "-" if value is None else f"{value:.2f}"


def quoted(text: str) -> str:
    """A YAML scalar in double quotes."""
    return json.dumps(text, ensure_ascii=False)
