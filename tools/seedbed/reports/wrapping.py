"""Prose wrapped to the width of a terminal, without a break inside what is to be copied."""

from __future__ import annotations

import re

from seedbed.reports.source_excerpt import display_width

NARROWEST = 40
"""Columns below which wrapping helps nobody; a narrower terminal is taken to have these."""

_COMMANDS = "cd|export|git|pip|pre-commit|python|seedbed"


def wrapped(text: str, width: int, *, first: str = "", rest: str = "") -> list[str]:
    """`text` in lines of at most `width` columns, behind `first` in the first line and `rest` in the others.

    A break stands between words only, so a path or an address stays whole; what is in backticks stays whole too, and a
    command, up to the end of its clause. A piece that is wider than a line overflows it: the terminal itself then
    goes on in the next row, and the piece can be copied. Columns are those that the characters take on a terminal.
    """
    width = max(width, NARROWEST)
    lines: list[str] = []
    line, taken, begun = first, display_width(first), False
    for piece in _pieces(text):
        columns = display_width(piece)
        if begun and taken + 1 + columns > width:
            lines.append(line)
            line, taken, begun = rest, display_width(rest), False
        line += f" {piece}" if begun else piece
        taken += columns + begun
        begun = True
    return [*lines, line]


def _pieces(text: str) -> list[str]:
    quoted = r"(?:[^\s`]*`[^`]*`)+[^\s`]*"
    command = rf"\(?(?:{_COMMANDS})\s(?:(?![;,:)](?:\s|\Z)|\s\().)+\S*"
    return re.findall(rf"{quoted}|{command}|\S+", text)
