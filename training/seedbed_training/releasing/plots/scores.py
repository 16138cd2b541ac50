"""Every leaf before and after, with the interval of what it scores now."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from seedbed.generation.release_manifest import ReleaseManifest, Role, ScoreRecord
from seedbed_training.releasing.plots.figure import (
    FRESH,
    MOST_LEAVES,
    OLD,
    SMALL,
    new_figure,
    save,
    short_names,
)

SCORES_FILE = "scores.png"


def draw_scores(manifest: ReleaseManifest, path: Path) -> None:
    """A dumbbell per leaf: where it stood before (parent, else base) and where it stands now, with its interval.

    Of very many leaves it shows the fresh ones learned worst and the old ones that fell most. Raises MissingExtraError
    without matplotlib. Equal manifests give equal pictures.
    """
    fresh = {leaf.name for leaf in manifest.leaves if leaf.role is Role.FRESH}
    rows = _shown(manifest.scores, fresh)
    names = short_names([score.leaf for score in rows])
    figure, axes = new_figure(1.5 + 0.42 * max(1, len(rows)))
    for height, score in enumerate(rows):
        before = _before(score)
        colour = FRESH if score.leaf in fresh else OLD
        axes.text(0, height + 0.2, names[score.leaf], fontsize=SMALL, va="bottom", color="#333333")
        axes.hlines(height, 0, 1, colors="#eeeeee", linewidth=1, zorder=0)
        axes.hlines(height, score.low, score.high, colors=colour, alpha=0.25, linewidth=8)
        if before is not None:
            axes.plot([before, score.score], [height, height], color="#999999", linewidth=1.5, zorder=1)
            axes.scatter([before], [height], s=42, facecolors="white", edgecolors="#777777", zorder=2)
        axes.scatter([score.score], [height], s=42, color=colour, zorder=3)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_ylim(-0.5, len(rows) - 0.15)
    axes.set_xlim(-0.03, 1.03)
    left_out = len(manifest.scores) - len(rows)
    also = f"; {left_out:,} more leaves not shown" if left_out else ""
    axes.set_xlabel(f"score on held-out questions (band: 95 % interval){also}")
    axes.grid(axis="x", alpha=0.3)
    _legend(figure, manifest)
    save(figure, path)


def _before(score: ScoreRecord) -> float | None:
    return score.parent if score.parent is not None else score.base


def _shown(scores: Sequence[ScoreRecord], fresh: set[str]) -> list[ScoreRecord]:
    """Bottom row first: fresh leaves below, old ones above, each by name."""

    def concern(score: ScoreRecord) -> float:
        return score.score if score.leaf in fresh else score.score - (_before(score) or 0.0)

    chosen = sorted(scores, key=lambda score: (concern(score), score.leaf))[:MOST_LEAVES]
    return sorted(chosen, key=lambda score: (score.leaf in fresh, score.leaf), reverse=True)


def _legend(figure: object, manifest: ReleaseManifest) -> None:
    from matplotlib.lines import Line2D

    legend = [
        Line2D([], [], linestyle="", marker="o", color=colour, markerfacecolor=face, label=label)
        for colour, face, label in (
            ("#777777", "white", f"before ({manifest.parent or 'base'})"),
            (OLD, OLD, "now, old leaves"),
            (FRESH, FRESH, "now, fresh leaves"),
        )
    ]
    figure.legend(handles=legend, loc="outside upper center", ncols=3, frameon=False, fontsize=SMALL)  # type: ignore[attr-defined]
