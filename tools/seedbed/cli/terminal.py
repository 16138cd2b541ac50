"""What is known of the terminal that a person looks at."""

from __future__ import annotations

import os
import sys
from typing import TextIO

import click


def width_of(stream: TextIO) -> int | None:
    """Columns of the terminal that `stream` writes to (`COLUMNS` comes first, as in a shell); None for a file or pipe."""
    if not stream.isatty():
        return None
    named = os.environ.get("COLUMNS", "")
    if named.isdecimal() and int(named) > 0:
        return int(named)
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):  # a terminal that does not tell its size
        return None


def fitted(text: str, stream: TextIO) -> str:
    """`text` as one line, or wrapped to the terminal that `stream` writes to; what is carried over is indented below
    where it began. Paths and commands stay whole."""
    width = width_of(stream)
    if width is None:
        return text
    from seedbed.reports.wrapping import wrapped

    start = " " * (len(text) - len(text.lstrip()))
    return "\n".join(wrapped(text.lstrip(), width, first=start, rest=f"{start}  "))


def advise(line: str) -> None:
    """To standard error, wrapped on a terminal: what is said beside the result."""
    click.echo(fitted(line, sys.stderr), err=True)
