"""How a run of `generate` or `preview` looks: a bar on a terminal, plain lines in a log; and a warning when nothing comes of it."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from seedbed.cli.terminal import advise, fitted
from seedbed.cli.time_left import TimeLeft
from seedbed.generation.cost import Prices
from seedbed.generation.dry_spell import DrySpellWatch
from seedbed.generation.funnel import Loss
from seedbed.generation.leaf_outcome import LeafOutcome, Outcome
from seedbed.generation.unanswered import Troubles
from seedbed.reports.escape import terminal_text
from seedbed.reports.unanswered import dry_spell_text
from seedbed.teacher.journal import JournaledTeacher
from seedbed.teacher.teacher import Completion

LOG_SECONDS = 15.0  # between two lines of a log


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
        self._time_left = TimeLeft()

    def answered(self) -> None:
        self.answers += 1

    def decided(self, loss: Loss | None, share: float) -> None:
        self._attempts += 1
        self._kept += loss is None
        self._open += share

    def finished(self, outcome: LeafOutcome) -> None:
        self.done += 1
        if outcome.outcome in (Outcome.GENERATED, Outcome.PREVIEWED, Outcome.FAILED):
            self._open = max(0.0, self._open - 1.0)

    def text(self) -> str:
        """Such as `4,210 answers, 38/s, 71% accepted, 3 min left, cost 0.12`."""
        seconds = max(time.monotonic() - self._start, 1e-9)
        parts = [f"{self.answers:,} answers", f"{self.answers / seconds:.0f}/s"]
        if self._attempts:
            parts.append(f"{self._kept / self._attempts:.0%} accepted")
        share = min(1.0, (self.done + self._open) / self.leaves) if self.leaves else 1.0
        left = self._time_left.seconds(share)
        if left is not None and self.done < self.leaves:
            parts.append(f"{duration(left)} left")
        if self._prices is not None:
            paid = self._prices.tokens(self._teacher.prompt_tokens, self._teacher.completion_tokens)
            parts.append(f"cost {paid + self._prices.time(seconds):,.2f}")
        return ", ".join(parts)


class _Screen(Protocol):
    """What a run is shown on."""

    def moved(self) -> None:
        """The figures have changed."""
        ...

    def leaf(self, outcome: LeafOutcome) -> None:
        """A leaf is done with; the figures count it already."""
        ...

    def say(self, text: str) -> None:
        """A line of its own."""
        ...


class _Log:
    """Each leaf when it is done, and a sign of life between."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self._last = time.monotonic()

    def moved(self) -> None:
        if time.monotonic() - self._last >= LOG_SECONDS:
            self._tell("")

    def leaf(self, outcome: LeafOutcome) -> None:
        self._tell(f": {terminal_text(outcome.name)} {outcome.outcome}")

    def say(self, text: str) -> None:
        advise(text)

    def _tell(self, what: str) -> None:
        self._last = time.monotonic()
        figures = self._figures
        self.say(f"{figures.done}/{figures.leaves} leaves, {figures.text()}{what}")


class _Bar:
    """One line that is written over, for terminals."""

    def __init__(
        self, figures: Figures, show: Callable[[float, str], None], say: Callable[[str], None]
    ) -> None:
        self._figures = figures
        self._show = show
        self.say = say

    def moved(self) -> None:
        self._show(self._figures.done, self._figures.text())

    def leaf(self, outcome: LeafOutcome) -> None:
        self.moved()


class _Watcher:
    """Counts what happens in a run, shows it, and warns of a dry spell."""

    def __init__(self, figures: Figures, troubles: Troubles, screen: _Screen) -> None:
        self._figures = figures
        self._troubles = troubles
        self._screen = screen
        self._dry = DrySpellWatch()

    def answered(self, completion: Completion) -> None:
        self._figures.answered()
        self._troubles.add(completion)
        self._screen.moved()

    def decided(self, loss: Loss | None, share: float) -> None:
        self._figures.decided(loss, share)
        if (spell := self._dry.decided(loss)) is not None:
            self._screen.say(dry_spell_text(spell, self._troubles.commonest()))

    def finished(self, outcome: LeafOutcome) -> None:
        self._figures.finished(outcome)
        self._screen.leaf(outcome)


@contextmanager
def watch(
    leaves: int, teacher: JournaledTeacher, prices: Prices | None, troubles: Troubles
) -> Iterator[_Watcher]:
    """Progress on standard error, for so many leaves; what had no answer is tallied in `troubles`."""
    figures = Figures(leaves, teacher, prices)
    if not sys.stderr.isatty():
        log = _Log(figures)
        with _teacher_heard(log.say):
            yield _Watcher(figures, troubles, log)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("leaves"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[figures]}"))
    with Bars(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("leaves", total=leaves, figures="")

        def show(done: float, text: str) -> None:
            bars.update(task, completed=done, figures=text)

        def say(text: str) -> None:
            bars.console.print(fitted(text, sys.stderr), markup=False, highlight=False, soft_wrap=True)

        with _teacher_heard(say):
            yield _Watcher(figures, troubles, _Bar(figures, show, say))


class _Teller(logging.Handler):
    """Says each warning in a line of its own."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        self._say(terminal_text(record.getMessage()))


@contextmanager
def _teacher_heard(say: Callable[[str], None]) -> Iterator[None]:
    """What a teacher warns of, such as a server that is overloaded, is said beside the progress."""
    log, teller = logging.getLogger("seedbed.teacher"), _Teller(say)
    log.addHandler(teller)
    try:
        yield
    finally:
        log.removeHandler(teller)


def duration(seconds: float) -> str:
    """Such as `40 s`, `12 min` or `3 h 20 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
