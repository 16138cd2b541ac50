"""A tree as rectangles in rectangles, each as large as what it holds, none needlessly long and thin.

Squarified layout: M. Bruls, K. Huizing, J. van Wijk, Squarified Treemaps (2000), section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; in whatever unit the outermost one is."""

    x: float
    y: float
    width: float
    height: float


def squarified(sizes: Sequence[float], box: Box) -> list[Box]:
    """A rectangle in `box` for each size, of proportional area, in the order of `sizes`, which are above 0."""
    scale = box.width * box.height / sum(sizes) if sizes else 0.0
    order = sorted(range(len(sizes)), key=lambda place: (-sizes[place], place))
    boxes: list[Box] = [box] * len(sizes)
    start = 0
    while start < len(order):
        side = min(box.width, box.height)
        end, areas = start + 1, [sizes[order[start]] * scale]
        while end < len(order):
            wider = [*areas, sizes[order[end]] * scale]
            if _worst(wider, side) > _worst(areas, side):
                break
            areas, end = wider, end + 1
        row, box = _row(areas, box)
        for place, found in zip(order[start:end], row, strict=True):
            boxes[place] = found
        start = end
    return boxes


def _worst(areas: Sequence[float], side: float) -> float:
    """The largest ratio of sides in a row of these areas along a side (equation in section 3.1)."""
    whole = sum(areas)
    if whole <= 0 or side <= 0:
        return float("inf")
    return max(side * side * max(areas) / (whole * whole), whole * whole / (side * side * min(areas)))


def _row(areas: Sequence[float], box: Box) -> tuple[list[Box], Box]:
    """The areas along the shorter side, and what is left of the box."""
    whole = sum(areas)
    found: list[Box] = []
    if box.width >= box.height:
        width = whole / box.height if box.height else 0.0
        y = box.y
        for area in areas:
            height = area / width if width else 0.0
            found.append(Box(box.x, y, width, height))
            y += height
        return found, Box(box.x + width, box.y, max(0.0, box.width - width), box.height)
    height = whole / box.width if box.width else 0.0
    x = box.x
    for area in areas:
        width = area / height if height else 0.0
        found.append(Box(x, box.y, width, height))
        x += width
    return found, Box(box.x, box.y + height, box.width, max(0.0, box.height - height))
