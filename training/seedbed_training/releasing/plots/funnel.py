"""What became of everything that the teachers were asked for, as bars."""

from __future__ import annotations

from pathlib import Path

from seedbed.generation.funnel import Funnel
from seedbed_training.releasing.plots.figure import FRESH, LOST, OLD, SMALL, new_figure, save

FUNNEL_FILE = "funnel.png"


def draw_funnel(funnel: Funnel, path: Path) -> None:
    """A bar for what was kept to train on, one for what was held out, one for each reason of loss, largest first.

    Raises MissingExtraError without matplotlib.
    """
    lost = sorted(funnel.lost.items(), key=lambda pair: (-pair[1], str(pair[0])))
    bars = [
        ("kept to train on", funnel.kept - funnel.held_out, FRESH),
        ("kept, held out", funnel.held_out, OLD),
        *((str(reason), count, LOST) for reason, count in lost),
    ]
    figure, axes = new_figure(0.8 + 0.3 * len(bars))
    for height, (_, count, colour) in enumerate(bars):
        axes.barh(height, count, color=colour, height=0.7)
        axes.text(count, height, f" {count:,} ({count / funnel.asked:.0%})", va="center", fontsize=SMALL)
    axes.set_yticks(range(len(bars)), [label for label, _, _ in bars])
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.set_xlim(0, max(count for _, count, _ in bars) * 1.3 or 1)
    axes.set_xlabel(f"of {funnel.asked:,} questions asked for; grey: left out, and why")
    axes.grid(axis="x", alpha=0.3)
    save(figure, path)
