"""Counts in words."""

from __future__ import annotations


def counted(count: int, what: str, many: str | None = None) -> str:
    """Such as `1 leaf` or `3 leaves`; `many` for what is no plain plural."""
    many = many or (f"{what[:-1]}ves" if what.endswith("f") else f"{what}s")
    return f"{count:,} {what if count == 1 else many}"
