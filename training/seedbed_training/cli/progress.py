"""How a long evaluation is told: a bar on a terminal, a line per quarter in a log."""

from __future__ import annotations

from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

_NAMES = {"base": "base model", "parent": "parent release", "this": "this run"}


class CountedProgress:
    """Call it with what is being asked, how many questions are answered, and how many there are."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._quarters: dict[str, int] = {}
        if console.is_terminal:
            self._bars = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                console=console,
                transient=True,
            )

    def __call__(self, what: str, done: int, total: int) -> None:
        name = _NAMES.get(what, what)
        if self._bars is not None:
            if what not in self._tasks:
                self._tasks[what] = self._bars.add_task(name, total=total)
            self._bars.update(self._tasks[what], completed=done)
        elif 4 * done // total > self._quarters.get(what, 0):
            self._quarters[what] = 4 * done // total
            self._console.print(
                f"{name}: {done:,} of {total:,} questions answered", highlight=False, soft_wrap=True
            )

    def __enter__(self) -> Self:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars is not None:
            self._bars.stop()
