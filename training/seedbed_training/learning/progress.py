"""How a training run is told while it lasts: one line that renews itself on a terminal, plain lines in a log."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol, Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

LOG_SECONDS = 15.0
"""Between two lines in a log."""


@dataclass(frozen=True, slots=True)
class StepReport:
    """One optimiser step, just done."""

    phase: str
    step: int  # 1 for the first
    steps: int
    loss: float | None  # None where the step had nothing to train on
    learning_rate: float
    gradient_norm: float
    tokens: int  # that the model read in this step, prompts included, padding not
    seconds: float
    tokens_per_second: float  # over this phase, since the process began
    seconds_left: float  # of this phase

    def __str__(self) -> str:
        minutes, seconds = divmod(round(self.seconds_left), 60)
        loss = "nothing to train on" if self.loss is None else f"loss {self.loss:.4f}"
        return (
            f"{self.phase}: step {self.step:,} of {self.steps:,}, {loss}, "
            f"{self.tokens_per_second:,.0f} tokens/s, {minutes}:{seconds:02d} left"
        )


class Progress(Protocol):
    """Who is told how a run goes."""

    def step(self, report: StepReport) -> None:
        """A step is done."""
        ...

    def say(self, message: str) -> None:
        """Something that a person should know: where the run goes on, what was left out, what was damaged."""
        ...


class Silence:
    """Tells nobody."""

    def step(self, report: StepReport) -> None:
        """See `Progress.step`."""

    def say(self, message: str) -> None:
        """See `Progress.say`."""


class ConsoleProgress:
    """On a terminal one line that renews itself; elsewhere a line every `LOG_SECONDS` and at each phase's end."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._next_line = 0.0

    def step(self, report: StepReport) -> None:
        """See `Progress.step`."""
        last = report.step == report.steps
        if self._console.is_terminal and not last:
            if self._live is None:
                self._live = Live(console=self._console, refresh_per_second=4, transient=True)
                self._live.start()
            self._live.update(Text(str(report)))
            return
        self.close()
        if last or time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + LOG_SECONDS
            self._console.print(str(report), highlight=False, markup=False, soft_wrap=True)

    def say(self, message: str) -> None:
        """See `Progress.say`."""
        self._console.print(message, highlight=False, markup=False, soft_wrap=True)

    def close(self) -> None:
        """Take the line off the terminal; also called when a run ends early."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
