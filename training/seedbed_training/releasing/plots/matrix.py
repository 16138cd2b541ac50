"""Leaves by releases as a picture: what every release scored on every leaf, so that forgetting is seen at a glance."""

from __future__ import annotations

from pathlib import Path

from seedbed_training.evaluation.matrix import ScoreMatrix
from seedbed_training.planning.leaf_names import shortened
from seedbed_training.releasing.plots.figure import new_figure, save

MATRIX_FILE = "forgetting.png"
_NAME_WIDTH = 44


def draw_matrix(matrix: ScoreMatrix, path: Path) -> None:
    """One square for each score, from white (0) to green (1); a leaf that a release did not know stays empty.

    A leaf stands in the row of its first release's order, so that the squares below the diagonal are what was taught
    before. Raises MissingExtraError without matplotlib.
    """
    first = {
        leaf: number
        for number, release in reversed(list(enumerate(matrix.releases)))
        for leaf in matrix.scores[release]
    }
    leaves = sorted(first, key=lambda leaf: (first[leaf], leaf))
    columns = len(matrix.releases)
    figure, axes = new_figure(4.6 + 0.9 * columns, 1.2 + 0.3 * len(leaves))
    for row, leaf in enumerate(leaves):
        for column, release in enumerate(matrix.releases):
            score = matrix.scores[release].get(leaf)
            if score is None:
                continue
            axes.add_patch(_square(column, row, score))
            colour = "white" if score > 0.55 else "black"
            axes.text(column, row, f"{score:.2f}", ha="center", va="center", fontsize=8, color=colour)
    axes.set_xlim(-0.5, columns - 0.5)
    axes.set_ylim(len(leaves) - 0.5, -0.5)
    axes.set_xticks(range(columns), matrix.releases, fontsize=8)
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(leaves)), [shortened(leaf, _NAME_WIDTH) for leaf in leaves], fontsize=8)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    save(figure, path)


def _square(column: int, row: int, score: float) -> object:
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Rectangle

    full = to_rgb("#1b7f5c")
    shade = tuple(1 - score * (1 - part) for part in full)
    return Rectangle((column - 0.48, row - 0.46), 0.96, 0.92, facecolor=shade, edgecolor="#dddddd")
