"""How every picture of a card begins and ends, and the colours that mean the same in all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seedbed.errors import MissingExtraError

FRESH, OLD, LOST = "#1b7f5c", "#2a5d9f", "#b8b8b8"


def new_figure(width: float, height: float) -> tuple[Any, Any]:
    """A figure of so many inches and its only axes. Raises MissingExtraError without matplotlib."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("the model card's pictures", "train", "matplotlib") from error
    figure = Figure(figsize=(width, height), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


def save(figure: Any, path: Path) -> None:
    """As PNG, without the time and the version, so that equal facts give equal bytes."""
    figure.savefig(path, metadata={"Software": None})
