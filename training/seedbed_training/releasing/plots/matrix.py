"""Leaves by releases as a picture: what every release scored on every leaf, so that forgetting is seen at a glance."""

from __future__ import annotations

from pathlib import Path

from seedbed_training.evaluation.matrix import ScoreMatrix
from seedbed_training.planning.leaf_names import shortened
from seedbed_training.releasing.plots.figure import (
    FRESH,
    MOST_LEAVES,
    SMALL,
    WIDTH,
    new_figure,
    save,
    short_names,
)

MATRIX_FILE = "forgetting.png"
_NAME_WIDTH = 30  # characters
FELL = 0.05
"""Below the best before: a fall that is shown as one."""


def draw_matrix(matrix: ScoreMatrix, path: Path) -> None:
    """One square for each score, from white (0) to green (1); a leaf that a release did not know stays empty.

    A leaf stands in the row of its first release's order, so that the squares below the diagonal are what was taught
    before. A score that lies more than 0.05 below an earlier one has a ▼. Of very many leaves it shows those that fell
    most. Raises MissingExtraError without matplotlib.
    """
    first = {
        leaf: number
        for number, release in reversed(list(enumerate(matrix.releases)))
        for leaf in matrix.scores[release]
    }
    chosen = sorted(first, key=lambda leaf: (-_deepest_fall(matrix, leaf), leaf))[:MOST_LEAVES]
    leaves = sorted(chosen, key=lambda leaf: (first[leaf], leaf))
    names = short_names(leaves)
    columns = len(matrix.releases)
    figure, axes = new_figure(1.0 + 0.3 * len(leaves), max(WIDTH, 3.0 + 0.9 * columns))
    for row, leaf in enumerate(leaves):
        for column, release in enumerate(matrix.releases):
            score = matrix.scores[release].get(leaf)
            if score is None:
                continue
            axes.add_patch(_square(column, row, score))
            colour = "white" if score > 0.55 else "black"
            fell = " ▼" if _best_before(matrix, leaf, column) - score > FELL else ""
            axes.text(
                column, row, f"{score:.2f}{fell}", ha="center", va="center", fontsize=SMALL, color=colour
            )
    axes.set_xlim(-0.5, columns - 0.5)
    axes.set_ylim(len(leaves) - 0.5, -0.5)
    axes.set_xticks(range(columns), matrix.releases)
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(leaves)), [shortened(names[leaf], _NAME_WIDTH) for leaf in leaves])
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    if len(first) > len(leaves):
        axes.set_xlabel(f"{len(first) - len(leaves):,} more leaves not shown, which fell less")
    save(figure, path)


def _best_before(matrix: ScoreMatrix, leaf: str, column: int) -> float:
    return max(matrix.earlier(leaf, column), default=0.0)


def _deepest_fall(matrix: ScoreMatrix, leaf: str) -> float:
    return max(
        (
            _best_before(matrix, leaf, column) - matrix.scores[release][leaf]
            for column, release in enumerate(matrix.releases)
            if leaf in matrix.scores[release]
        ),
        default=0.0,
    )


def _square(column: int, row: int, score: float) -> object:
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Rectangle

    full = to_rgb(FRESH)
    shade = tuple(1 - score * (1 - part) for part in full)
    return Rectangle((column - 0.48, row - 0.46), 0.96, 0.92, facecolor=shade, edgecolor="#dddddd")
