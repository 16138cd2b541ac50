"""Running `seedbed` as a person would: a process of its own, in the scratch repository, its output for all to see."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from seedbed.errors import ExitCode, SeedbedError

Say = Callable[[str], None]


class DemoError(SeedbedError):
    """A step of the demo did not end as it should have; the demo then ends as that step did."""

    def __init__(self, message: str, *, hint: str, code: int) -> None:
        super().__init__(message, hint=hint)
        self.exit_code = ExitCode(code) if code in set(ExitCode) and code else ExitCode.INTERNAL


@dataclass(frozen=True, slots=True)
class SeedbedCommand:
    """`seedbed` at work in one folder."""

    directory: Path
    say: Say

    def run(self, *arguments: str, expected: ExitCode = ExitCode.FINE) -> None:
        """Type one command and let its output through. Raises DemoError when it ends otherwise than `expected`."""
        self.say(f"$ seedbed {' '.join(arguments)}")
        # The terminal is the child's as well, so its progress shows, and Ctrl-C reaches both.
        ended = subprocess.run([sys.executable, "-m", "seedbed", *arguments], cwd=self.directory, check=False)
        self._expect(arguments, ended.returncode, expected)

    def write(self, path: Path, *arguments: str) -> None:
        """Type one command and send its output to a file."""
        self.say(f"$ seedbed {' '.join(arguments)} > {path}")
        with path.open("w", encoding="utf-8") as file:
            ended = subprocess.run(
                [sys.executable, "-m", "seedbed", *arguments], cwd=self.directory, stdout=file, check=False
            )
        self._expect(arguments, ended.returncode, ExitCode.FINE)

    def _expect(self, arguments: Sequence[str], code: int, expected: ExitCode) -> None:
        if code == ExitCode.INTERRUPTED:
            raise KeyboardInterrupt
        if code != expected:
            raise DemoError(
                f"`seedbed {' '.join(arguments)}` ended with {code} where the demo expects {int(expected)}",
                hint=f"its output is above; the repository is in {self.directory}",
                code=code,
            )
