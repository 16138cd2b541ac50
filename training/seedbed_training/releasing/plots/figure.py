"""How every picture of a card begins and ends, and the colours that mean the same in all of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from seedbed.errors import MissingExtraError

FRESH, OLD, LOST = "#1b7f5c", "#2a5d9f", "#b8b8b8"
WIDTH = 6.2  # inches; with the letters below it is still read at the 350 pixels of a telephone
TEXT, SMALL = 10, 9  # points
MOST_LEAVES = 40
"""In one picture; of more, those that matter most to it."""


def new_figure(height: float, width: float = WIDTH) -> tuple[Any, Any]:
    """A figure of so many inches and its only axes. Raises MissingExtraError without matplotlib."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("the model card's pictures", "train", "matplotlib") from error
    figure = Figure(figsize=(width, height), dpi=140, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.tick_params(labelsize=SMALL)
    axes.xaxis.label.set_fontsize(TEXT)
    axes.yaxis.label.set_fontsize(TEXT)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes


def save(figure: Any, path: Path) -> None:
    """As PNG, without the time and the version, so that equal facts give equal bytes."""
    figure.savefig(path, metadata={"Software": None})


def short_names(leaves: Collection[str]) -> Mapping[str, str]:
    """Each leaf without its first folders, as far as no two of them are called the same."""
    short: dict[str, str] = {}
    for leaf in leaves:
        parts = leaf.split("/")
        endings = ("/".join(parts[-count:]) for count in range(min(2, len(parts)), len(parts) + 1))
        short[leaf] = next(
            ending for ending in endings if sum(f"/{other}".endswith(f"/{ending}") for other in leaves) == 1
        )
    return short
