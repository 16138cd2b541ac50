"""The lines of a file that a finding points at, with markers under the exact places."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from seedbed.reports.escape import is_hostile, terminal_text
from seedbed.taxonomy.leaf import Span

WIDEST_LINE = 100
"""Columns of source that are shown; a longer line is cut around the place that is marked."""

Paint = Callable[[str, str], str]
"""Text and the name of a tone → the text as it is to be shown."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One place to mark: with `sign` under each of its columns, `label` beside them."""

    span: Span
    label: str = ""
    sign: str = "^"


def lines_by_path(sources: Mapping[str, str]) -> dict[str, list[str]]:
    """Each file cut into lines once, since many findings can point into one file."""
    return {path: text.split("\n") for path, text in sources.items()}


def excerpt(
    lines: Sequence[str], marks: Sequence[Mark], width: int, paint: Paint, tone: str
) -> Iterator[str]:
    """The first line of every mark in the order of the file, `...` where lines between are left out.

    `width` is the room for line numbers. Nothing hostile in `lines` or in a label is let through.
    """
    there = sorted((mark for mark in marks if mark.span.line <= len(lines)), key=lambda mark: mark.span)
    margin = paint(f"{' ' * width} |", "muted")
    previous = 0
    for mark in there:
        line = mark.span.line
        if not previous:
            yield margin
        elif line > previous + 1:
            yield paint("...", "muted")
        before, marked, after = _parts(lines[line - 1].removesuffix("\r"), mark.span)
        yield f"{paint(f'{line:>{width}} |', 'muted')} {before}{marked}{after}".rstrip()
        yield f"{margin} {' ' * display_width(before)}{paint(_under(mark, marked), tone)}"
        previous = line


def _under(mark: Mark, marked: str) -> str:
    signs = mark.sign * max(1, display_width(marked))
    more = mark.span.end_line - mark.span.line
    tail = f" … and {more} more line{'s' if more > 1 else ''}" if more else ""
    return f"{signs}{tail}{' ' if mark.label else ''}{terminal_text(mark.label)}"


def _parts(line: str, span: Span) -> tuple[str, str, str]:
    """A line before, in and behind a span: made safe, tabs as one space, cut so that what is marked can be seen."""
    end = span.end_column if span.end_line == span.line else len(line) + 1
    parts = (line[: span.column - 1], line[span.column - 1 : end - 1], line[max(end, span.column) - 1 :])
    before, marked, after = (terminal_text(part.replace("\t", " ")) for part in parts)
    if display_width(before) + display_width(marked) + display_width(after) <= WIDEST_LINE:
        return before, marked, after
    if display_width(marked) > WIDEST_LINE - 20:
        marked, after = _first(marked, WIDEST_LINE - 21) + "…", ""
    room = WIDEST_LINE - display_width(marked)
    if display_width(before) > room * 2 // 3:
        before = "…" + _last(before, room // 2)
    left = max(0, WIDEST_LINE - display_width(marked) - display_width(before))
    return before, marked, after if display_width(after) <= left else _first(after, left) + "…"


def _first(text: str, columns: int) -> str:
    """As much of the beginning of `text` as fits into `columns`."""
    taken = 0
    for index, character in enumerate(text):
        taken += _columns(character)
        if taken > columns:
            return text[:index]
    return text


def _last(text: str, columns: int) -> str:
    """As much of the end of `text` as fits into `columns`; it never begins with a mark that belongs to a letter before."""
    start, taken = len(text), 0
    while start and taken + _columns(text[start - 1]) <= columns:
        start -= 1
        taken += _columns(text[start])
    while start < len(text) and _columns(text[start]) == 0:
        start += 1
    return text[start:]


def display_width(text: str) -> int:
    """Terminal columns that `text` takes: wide East Asian characters and emoji two, combining marks none."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if (
        character == "\u200d"
        or unicodedata.combining(character)
        or unicodedata.category(character) in ("Mn", "Me")
    ):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" and not is_hostile(character) else 1
