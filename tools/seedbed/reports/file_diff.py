"""Unified diffs of whole texts, as `git apply` reads them, and the same made harmless for a log."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from seedbed.reports.escape import terminal_text

NO_NEWLINE = "\\ No newline at end of file"


def unified_diff(path: str, before: str, after: str) -> str:
    """What changes `before` into `after`, with three lines around each change; empty when nothing does.

    A line of the diff keeps the carriage return of its file, so that the diff can be applied.
    """
    if before == after:
        return ""
    lines = difflib.unified_diff(_lines(before), _lines(after), f"a/{path}", f"b/{path}", lineterm="\n")
    return "".join([f"diff --git a/{path} b/{path}\n", *_closed(lines)])


_COLOURS = {"+": "32", "-": "31", "@": "36"}


def shown_diff(diff: str, *, colour: bool = False) -> str:
    """The diff with every control and invisible character written out, for a terminal or a log."""
    return "".join(f"{_shown(line, colour)}\n" for line in diff.split("\n")[:-1])


def _shown(line: str, colour: bool) -> str:
    painted = _COLOURS.get(line[:1]) if colour and not line.startswith(("+++", "---")) else None
    text = terminal_text(line)
    return f"\x1b[{painted}m{text}\x1b[0m" if painted else text


def _lines(text: str) -> list[str]:
    """Lines with their ends. Only `\\n` ends one: other separators are part of a text."""
    parts = text.split("\n")
    whole = [f"{part}\n" for part in parts[:-1]]
    return [*whole, parts[-1]] if parts[-1] else whole


def _closed(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n{NO_NEWLINE}\n"
