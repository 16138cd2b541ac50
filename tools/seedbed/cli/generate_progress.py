"""How a run of `generate` looks: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

from seedbed.generation.generate import LeafOutcome
from seedbed.generation.progress import Progress
from seedbed.reports.escape import terminal_text

LOG_SECONDS = 15.0  # between two lines of a log


class _Lines:
    """For logs: each leaf when it is done, and a sign of life between."""

    def __init__(self, leaves: int) -> None:
        self._leaves = leaves
        self._done = 0
        self._answers = 0
        self._start = self._last = time.monotonic()

    def answered(self) -> None:
        self._answers += 1
        if time.monotonic() - self._last >= LOG_SECONDS:
            self._say("")

    def finished(self, outcome: LeafOutcome) -> None:
        self._done += 1
        self._say(f": {terminal_text(outcome.name)} {outcome.outcome}")

    def _say(self, what: str) -> None:
        self._last = time.monotonic()
        rate = self._answers / max(self._last - self._start, 1e-9)
        click.echo(
            f"{self._done}/{self._leaves} leaves, {self._answers:,} answers, {rate:.0f}/s{what}", err=True
        )


@contextmanager
def watch(leaves: int) -> Iterator[Progress]:
    """Progress on standard error, for so many leaves."""
    if not sys.stderr.isatty():
        yield _Lines(leaves)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("leaves"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[answers]} answers"),
    )
    with Bars(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("leaves", total=leaves, answers="0")

        class OnTerminal:
            answers = 0

            def answered(self) -> None:
                self.answers += 1
                bars.update(task, answers=f"{self.answers:,}")

            def finished(self, outcome: LeafOutcome) -> None:
                bars.advance(task)

        yield OnTerminal()
