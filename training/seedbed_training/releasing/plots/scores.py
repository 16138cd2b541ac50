"""Every leaf before and after, with the interval of what it scores now."""

from __future__ import annotations

from pathlib import Path

from seedbed.generation.release_manifest import ReleaseManifest, Role
from seedbed_training.releasing.plots.figure import FRESH, OLD, new_figure, save

SCORES_FILE = "scores.png"


def draw_scores(manifest: ReleaseManifest, path: Path) -> None:
    """A dumbbell per leaf: where it stood before (parent, else base) and where it stands now, with its interval.

    Raises MissingExtraError without matplotlib. Equal manifests give equal pictures.
    """
    fresh = {leaf.name for leaf in manifest.leaves if leaf.role is Role.FRESH}
    rows = sorted(manifest.scores, key=lambda score: (score.leaf in fresh, score.leaf), reverse=True)
    figure, axes = new_figure(9, 1.7 + 0.34 * max(1, len(rows)))
    for height, score in enumerate(rows):
        before = score.parent if score.parent is not None else score.base
        colour = FRESH if score.leaf in fresh else OLD
        axes.hlines(height, score.low, score.high, colors=colour, alpha=0.25, linewidth=8)
        if before is not None:
            axes.plot([before, score.score], [height, height], color="#999999", linewidth=1.5, zorder=1)
            axes.scatter([before], [height], s=42, facecolors="white", edgecolors="#777777", zorder=2)
        axes.scatter([score.score], [height], s=42, color=colour, zorder=3)
    axes.set_yticks(range(len(rows)), [score.leaf for score in rows], fontsize=8)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlim(-0.03, 1.03)
    axes.set_xlabel("score on held-out cases (band: 95 % interval)")
    axes.grid(axis="x", alpha=0.3)
    from matplotlib.lines import Line2D

    legend = [
        Line2D([], [], linestyle="", marker="o", color=colour, markerfacecolor=face, label=label)
        for colour, face, label in (
            ("#777777", "white", manifest.parent or "base"),
            (OLD, OLD, f"{manifest.name}, old leaves"),
            (FRESH, FRESH, f"{manifest.name}, fresh leaves"),
        )
    ]
    figure.legend(handles=legend, loc="outside upper center", ncols=3, frameon=False, fontsize=9)
    save(figure, path)
