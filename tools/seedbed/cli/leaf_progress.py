"""How far a long reading of stored leaves is, on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def watched_leaves() -> Iterator[Callable[[str, int, int], None]]:
    """Hears what is done to what, and to how many of how many, and tells it: one line that is written over on a
    terminal, a new one elsewhere; none for what is done within seconds."""
    last = begun = time.monotonic()
    doing, told = "", False
    rewritten = sys.stderr.isatty()

    def watch(what: str, done: int, of: int) -> None:
        nonlocal last, begun, doing, told
        now = time.monotonic()
        if what != doing:
            doing, begun, last = what, now, now
        if now - last < (0.5 if rewritten and told else SECONDS_BETWEEN_LINES) or not done:
            return
        last, told = now, True
        left = (now - begun) / done * (of - done)
        line = f"{what}: {done:,} of {of:,}, about {left:.0f} s left"
        click.echo(f"\r\x1b[K{line}" if rewritten else line, err=True, nl=not rewritten)

    try:
        yield watch
    finally:
        if told and rewritten:
            click.echo("\r\x1b[K", err=True, nl=False)
