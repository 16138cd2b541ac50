"""The blocks of a Markdown document: headings, fenced code, and what blank lines separate; with their offsets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*\r?$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*\r?$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


@dataclass(frozen=True, slots=True)
class Block:
    """Characters `start` to `end` of the document, whole lines without the last line's end.

    `level` is 1 to 6 for a heading, whose words are `title`; 0 for everything else.
    """

    start: int
    end: int
    level: int = 0
    title: str = ""


def blocks_of(text: str) -> Iterator[Block]:
    """Every block in order; together they hold every line that is not blank."""
    lines = list(_lines(text))
    at = 0
    while at < len(lines):
        start, end = lines[at]
        line = text[start:end]
        if not line.strip():
            at += 1
        elif heading := _HEADING.match(line):
            yield Block(start, end, len(heading[1]), (heading[2] or "").strip())
            at += 1
        else:
            behind = _fence_end(text, lines, at) if _FENCE.match(line) else _paragraph_end(text, lines, at)
            underline = _UNDERLINE.match(text[slice(*lines[behind - 1])]) if behind - at == 2 else None
            if underline and not _FENCE.match(line):
                yield Block(start, lines[behind - 1][1], 1 if underline[1][0] == "=" else 2, line.strip())
            else:
                yield Block(start, lines[behind - 1][1])
            at = behind


def _lines(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each line; only a line feed ends one, so that editors and git count alike."""
    start = 0
    for line in text.split("\n"):
        yield start, start + len(line)
        start += len(line) + 1


def _fence_end(text: str, lines: list[tuple[int, int]], first: int) -> int:
    """The line behind a fenced code block, or behind the document where the fence is never closed."""
    opened = _FENCE.match(text, *lines[first])
    assert opened is not None
    closing = re.compile(rf" {{0,3}}{re.escape(opened[1][0])}{{{len(opened[1])},}}[ \t]*\r?$")
    for at in range(first + 1, len(lines)):
        if closing.match(text[slice(*lines[at])]):
            return at + 1
    while not text[slice(*lines[-1])].strip():
        lines.pop()
    return len(lines)


def _paragraph_end(text: str, lines: list[tuple[int, int]], first: int) -> int:
    """The line behind a run of lines that no blank line, heading or fence interrupts; an underline ends it too."""
    for at in range(first + 1, len(lines)):
        line = text[slice(*lines[at])]
        if not line.strip() or _HEADING.match(line) or _FENCE.match(line):
            return at
        if at == first + 1 and _UNDERLINE.match(line):
            return at + 1
    return len(lines)
