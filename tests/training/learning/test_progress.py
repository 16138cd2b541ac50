"""What a person sees of a run, on a terminal and in a log."""

from __future__ import annotations

import io

from rich.console import Console

from seedbed_training.learning.progress import ConsoleProgress, StepReport


def report(step: int) -> StepReport:
    return StepReport("skills", step, 1200, 0.51234, 1e-3, 1.0, 900, 0.1, 12345.6, 75.2)


def test_plain_lines_are_rare_and_the_last_is_always_there() -> None:
    out = io.StringIO()
    with ConsoleProgress(Console(file=out, width=20)) as progress:
        progress.say("going on from [knowledge-5]")
        for step in range(1, 1201):
            progress.step(report(step))
    assert out.getvalue().split("\n") == [
        "going on from [knowledge-5]",
        "skills: step 1 of 1,200, loss 0.5123, 12,346 tokens/s, 1:15 left",
        "skills: step 1,200 of 1,200, loss 0.5123, 12,346 tokens/s, 1:15 left",
        "",
    ]


def test_a_terminal_keeps_only_the_last_line() -> None:
    out = io.StringIO()
    with ConsoleProgress(Console(file=out, force_terminal=True, width=100, color_system=None)) as progress:
        for step in (1, 2, 1200):
            progress.step(report(step))
    shown = out.getvalue()
    assert "step 1,200 of 1,200" in shown
    assert shown.rstrip().endswith("1:15 left")
    assert "\x1b[?25h" in shown  # the cursor is back
