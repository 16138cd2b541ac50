"""Leaf names in tables: whole where there is room, else without their middle."""

from __future__ import annotations


def shortened(name: str, width: int) -> str:
    """`name` in at most `width` characters; what is cut stands in the middle, since both ends tell leaves apart.

    Two thirds of what is left belong to the end: a leaf's own folder says more than its branch.
    """
    if len(name) <= width:
        return name
    kept = max(2, width - 1)
    end = kept * 2 // 3
    return f"{name[: kept - end]}…{name[-end:]}"
