"""How a run of `generate` looks: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from seedbed.generation.cost import Prices
from seedbed.generation.generate import LeafOutcome, Outcome
from seedbed.generation.progress import Progress
from seedbed.reports.escape import terminal_text
from seedbed.teacher.journal import JournaledTeacher
from seedbed.teacher.teacher import Completion

LOG_SECONDS = 15.0  # between two lines of a log
_SETTLED = 0.02  # share of the work that is to be done before its end is guessed


class Figures:
    """What a run has done so far; it grows as the run does."""

    def __init__(self, leaves: int, teacher: JournaledTeacher, prices: Prices | None) -> None:
        self.leaves = leaves
        self.done = self.answers = 0
        self._teacher = teacher
        self._prices = prices
        self._attempts = self._kept = 0
        self._open = 0.0  # leaves' worth of work done on leaves that still grow
        self._start = time.monotonic()

    def answered(self, completion: Completion) -> None:
        self.answers += 1

    def decided(self, kept: bool, share: float) -> None:
        self._attempts += 1
        self._kept += kept
        self._open += share

    def finished(self, outcome: LeafOutcome) -> None:
        self.done += 1
        if outcome.outcome is Outcome.GENERATED:
            self._open = max(0.0, self._open - 1.0)

    def text(self) -> str:
        """Such as `4,210 answers, 38/s, 71 % accepted, 3 min left, cost 0.12`."""
        seconds = max(time.monotonic() - self._start, 1e-9)
        parts = [f"{self.answers:,} answers", f"{self.answers / seconds:.0f}/s"]
        if self._attempts:
            parts.append(f"{self._kept / self._attempts:.0%} accepted")
        share = min(1.0, (self.done + self._open) / self.leaves) if self.leaves else 1.0
        if share >= _SETTLED and self.done < self.leaves:
            parts.append(f"{duration(seconds * (1 - share) / share)} left")
        if self._prices is not None:
            paid = self._prices.tokens(self._teacher.prompt_tokens, self._teacher.completion_tokens)
            parts.append(f"cost {paid + self._prices.time(seconds):,.2f}")
        return ", ".join(parts)


class _Lines:
    """For logs: each leaf when it is done, and a sign of life between."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self._last = time.monotonic()

    def answered(self, completion: Completion) -> None:
        self._figures.answered(completion)
        if time.monotonic() - self._last >= LOG_SECONDS:
            self._say("")

    def decided(self, kept: bool, share: float) -> None:
        self._figures.decided(kept, share)

    def finished(self, outcome: LeafOutcome) -> None:
        self._figures.finished(outcome)
        self._say(f": {terminal_text(outcome.name)} {outcome.outcome}")

    def _say(self, what: str) -> None:
        self._last = time.monotonic()
        figures = self._figures
        click.echo(f"{figures.done}/{figures.leaves} leaves, {figures.text()}{what}", err=True)


class _Bar:
    """For terminals."""

    def __init__(self, figures: Figures, show: Callable[[float, str], None]) -> None:
        self._figures = figures
        self._show = show

    def answered(self, completion: Completion) -> None:
        self._figures.answered(completion)
        self._show(self._figures.done, self._figures.text())

    def decided(self, kept: bool, share: float) -> None:
        self._figures.decided(kept, share)

    def finished(self, outcome: LeafOutcome) -> None:
        self._figures.finished(outcome)
        self._show(self._figures.done, self._figures.text())


@contextmanager
def watch(leaves: int, teacher: JournaledTeacher, prices: Prices | None) -> Iterator[Progress]:
    """Progress on standard error, for so many leaves."""
    figures = Figures(leaves, teacher, prices)
    if not sys.stderr.isatty():
        yield _Lines(figures)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("leaves"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[figures]}"))
    with Bars(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("leaves", total=leaves, figures="")
        yield _Bar(figures, lambda done, text: bars.update(task, completed=done, figures=text))


def duration(seconds: float) -> str:
    """Such as `40 s`, `12 min` or `3 h 20 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
