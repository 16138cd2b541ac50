"""The training loss of every step, phase after phase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from seedbed_training.releasing.plots.figure import SMALL, new_figure, save

LOSSES_FILE = "losses.png"
_COLOURS = ("#6b4c9a", "#b5651d")  # none that stands for old or fresh


def draw_losses(losses: Mapping[str, Sequence[float]], path: Path) -> None:
    """One line for each phase, side by side under its name, on a logarithmic axis where all are above 0.

    Raises MissingExtraError without matplotlib.
    """
    figure, axes = new_figure(3.2)
    start = 0
    total = sum(map(len, losses.values()))
    for number, (phase, values) in enumerate(losses.items()):
        steps = range(start + 1, start + len(values) + 1)
        colour = _COLOURS[number % 2]
        axes.plot(steps, values, linewidth=1.2, color=colour)
        middle = (start + len(values) / 2 + 0.5) / (total + 0.5)
        axes.text(middle, 1.02, phase, transform=axes.transAxes, ha="center", fontsize=SMALL, color=colour)
        start += len(values)
        axes.axvline(start + 0.5, color="#dddddd", linewidth=0.8, zorder=0)
    if all(value > 0 for values in losses.values() for value in values):
        axes.set_yscale("log")
    axes.set_xlim(0.5, start + 0.5)
    axes.set_xlabel("step")
    axes.set_ylabel("loss, nats a token")
    axes.grid(axis="y", alpha=0.3)
    save(figure, path)
