"""Rows that are too many for one page, on several that lead to each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from seedbed.reports.html_writing import Markup, element
from seedbed.site.addresses import link

T = TypeVar("T")


def cut(rows: Sequence[T], size: int) -> list[Sequence[T]]:
    """The rows in parts of `size`; one part, which may be empty, at least."""
    return [rows[start : start + size] for start in range(0, max(1, len(rows)), size)]


def page_links(address_of: Callable[[int], str], number: int, count: int) -> Markup | None:
    """Links from page `number`, which counts from 1, to its neighbours, the first and the last; None of one page."""
    if count < 2:
        return None
    targets = [
        (1, "First page", number > 2),
        (number - 1, "Page before", number > 1),
        (number + 1, "Next page", number < count),
        (count, "Last page", number < count - 1),
    ]
    here = address_of(number)
    links = [
        element("a", words, href=link(here, address_of(target))) for target, words, there in targets if there
    ]
    said = element("span", f"Page {number:,} of {count:,}", class_="quiet")
    return element("nav", said, links, aria_label="Pages", class_="pages")
