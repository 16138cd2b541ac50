"""The picture of a folder: a tile for each leaf, as large as the questions that people wrote for it, in the colour and
pattern of where it stands. Of a large folder tiles stand for whole folders, with a strip for each standing in them."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from seedbed.reports.funnel import counted
from seedbed.reports.html_writing import Markup, element
from seedbed.site.addresses import folder_page, leaf_page, link
from seedbed.site.folders import SiteFolder
from seedbed.site.leaf_facts import MEANINGS, LeafSummary, Standing
from seedbed.site.treemap import Box, squarified

TILES = 160
"""At most: a page stays small, and no tile too small to see."""
_WIDTH, _HEIGHT = 1_000, 440  # pixels; the width is that of a wide window and gives way, the height stays
_HEADER = 20  # pixels above the tiles of a folder

_STROKES = {
    Standing.LEARNED: "",
    Standing.GROWN: "M4.5 4v1",
    Standing.FRESH: "M-1 10L10 -1",
    Standing.UNREADABLE: "M0 0L9 9M0 9L9 0",
}
"""What is drawn into each square of nine pixels: nothing, a dot, a slant, a cross."""

_WIDEST = 48
"""Tiles in one folder; what is smaller than those shares one tile."""
_LEAST_OPENED = 0.03
"""Of a large taxonomy's questions: a smaller folder stays one tile."""


@dataclass(frozen=True, slots=True)
class Rest:
    """All that is too small for tiles of its own in the folder `name`."""

    name: str
    count: int  # leaves
    questions: int
    standings: Counter[Standing]


Tile = SiteFolder | LeafSummary | Rest


def picture(folder: SiteFolder, page: str) -> Markup | None:
    """The picture with its legend, its tiles links from `page`; None for a folder of one leaf or none."""
    if folder.count < 2:
        return None
    opened = _opened(folder)
    tiles = list(_inside(folder, Box(0, 0, _WIDTH, _HEIGHT), page, opened))
    name = folder.name or "the taxonomy"
    label = f"Picture of {name}: {counted(folder.count, 'leaf')}, larger where more questions were written"
    drawing = element(
        "svg", _patterns(), tiles, role="group", aria_label=label, class_="treemap", height=_HEIGHT
    )
    return element(
        "figure",
        element("a", "Skip the picture", href="#after-picture", class_="skip"),
        drawing,
        element(
            "figcaption",
            legend(folder.standings),
            element("p", _caption(), class_="quiet"),
            id="after-picture",
        ),
    )


def _caption() -> str:
    return "One tile a leaf, or a folder of leaves, as large as its questions that people wrote."


def legend(standings: Counter[Standing]) -> Markup:
    """Each standing with its colour, how many leaves have it, and what it means."""
    items = [
        element(
            "li",
            element("svg", _filled(standing), aria_hidden="true", class_="swatch"),
            element("b", f"{standings[standing]:,} {standing}"),
            element("span", f" {MEANINGS[standing]}", class_="quiet"),
        )
        for standing in Standing
        if standings[standing]
    ]
    return element("ul", items, class_="legend standings")


def _patterns() -> Markup:
    """Each standing has a pattern beside its colour, for those who see colours alike and for print."""
    return element(
        "defs",
        [
            element(
                "pattern",
                element("rect", width=9, height=9, class_=f"standing-{standing.name.lower()}"),
                element("path", d=stroke) if stroke else None,
                id=_pattern(standing),
                width=9,
                height=9,
                patternUnits="userSpaceOnUse",
                class_=f"mark-{standing.name.lower()}",
            )
            for standing, stroke in _STROKES.items()
        ],
    )


def _pattern(standing: Standing) -> str:
    return f"pattern-{standing.name.lower()}"


def _filled(standing: Standing, x: str = "0", width: str = "100%") -> Markup:
    return element("rect", x=x, width=width, height="100%", fill=f"url(#{_pattern(standing)})")


def _opened(folder: SiteFolder) -> frozenset[str]:
    """The folders that are drawn by what is in them: the largest first, as long as there are tiles for it, and of a
    large taxonomy none so small that its tiles would be dust."""
    opened, tiles = {folder.name}, _shown_of(folder)
    least = folder.questions * _LEAST_OPENED if folder.count > TILES else 0
    waiting = [(-below.questions, below.name, below) for below in folder.folders]
    heapq.heapify(waiting)
    while waiting:
        size, name, largest = heapq.heappop(waiting)
        more = _shown_of(largest) - 1
        if tiles + more <= TILES and -size >= least:
            opened.add(name)
            tiles += more
            for below in largest.folders:
                heapq.heappush(waiting, (-below.questions, below.name, below))
    return frozenset(opened)


def _shown_of(folder: SiteFolder) -> int:
    return min(len(folder.folders) + len(folder.leaves), _WIDEST + 1)


def _inside(folder: SiteFolder, box: Box, page: str, opened: frozenset[str]) -> Iterator[Markup]:
    tiles: list[Tile] = sorted([*folder.folders, *folder.leaves], key=lambda tile: (-_size(tile), tile.name))
    if len(tiles) > _WIDEST + 1:
        tiles = [*tiles[:_WIDEST], _rest(folder, tiles[_WIDEST:])]
    for tile, found in zip(tiles, squarified([_size(tile) for tile in tiles], box), strict=True):
        while isinstance(tile, SiteFolder) and len(tile.folders) == 1 and not tile.leaves:
            tile = tile.folders[0]  # nothing is seen between a folder and its only one
        if isinstance(tile, SiteFolder) and tile.name in opened and found.height > 3 * _HEADER:
            yield _heading(tile, found, page)
            rest = Box(found.x, found.y + _HEADER, found.width, found.height - _HEADER)
            yield from _inside(tile, rest, page, opened)
        else:
            yield _tile(tile, found, page)


def _rest(folder: SiteFolder, tiles: Sequence[Tile]) -> Rest:
    """What there is no tile for, as one."""
    standings: Counter[Standing] = Counter()
    for tile in tiles:
        standings += Counter([tile.standing]) if isinstance(tile, LeafSummary) else tile.standings
    questions = sum(tile.questions for tile in tiles)
    return Rest(folder.name, standings.total(), questions, standings)


def _size(tile: Tile) -> float:
    return max(1, tile.questions)


def _heading(folder: SiteFolder, box: Box, page: str) -> Markup:
    return element(
        "a",
        _placed(box, _HEADER, [_text(folder.name, box)]),
        href=link(page, folder_page(folder.name)),
        aria_label=_said(folder),
        class_="heading",
    )


def _tile(tile: Tile, box: Box, page: str) -> Markup:
    address = leaf_page(tile.name) if isinstance(tile, LeafSummary) else folder_page(tile.name)
    edge = element("rect", width="100%", height="100%", class_="edge")
    shown = [element("title", _said(tile)), *_strips(tile), edge]
    if box.width > 36 and box.height > 18:
        shown.append(_text(f"{tile.count:,} more" if isinstance(tile, Rest) else tile.name, box))
    return element(
        "a", _placed(box, box.height, shown), href=link(page, address), aria_label=_said(tile), class_="tile"
    )


def _placed(box: Box, height: float, shown: Sequence[Markup]) -> Markup:
    """Across in parts of the picture's width, down in pixels: it gets narrower, and its letters do not."""
    return element(
        "svg",
        shown,
        x=f"{100 * box.x / _WIDTH:.3f}%",
        y=f"{box.y:.1f}",
        width=f"{100 * box.width / _WIDTH:.3f}%",
        height=f"{height:.1f}",
    )


def _strips(tile: Tile) -> Iterator[Markup]:
    """One rectangle, or one for each standing in a folder, as wide as its share of the leaves."""
    standings = Counter([tile.standing]) if isinstance(tile, LeafSummary) else tile.standings
    whole, start = sum(standings.values()), 0.0
    for standing in Standing:
        if standings[standing]:
            share = 100 * standings[standing] / whole
            yield _filled(standing, x=f"{start:.2f}%", width=f"{share:.2f}%")
            start += share


def _text(name: str, box: Box) -> Markup:
    """The last part of a name, cut where the picture at its widest has no room for it."""
    last = name.rpartition("/")[2].replace("_", " ")
    room = max(3, int(box.width / 6.5) - 1)
    return element("text", last if len(last) <= room else f"{last[: room - 1]}…", x=5, y=14)


def _said(tile: Tile) -> str:
    questions = counted(tile.questions, "question")
    if isinstance(tile, LeafSummary):
        return f"{tile.name}: {tile.standing}, {questions}"
    parts = [f"{tile.standings[standing]:,} {standing}" for standing in Standing if tile.standings[standing]]
    name = f"the rest of {tile.name or 'the taxonomy'}" if isinstance(tile, Rest) else tile.name
    return f"{name}: {counted(tile.count, 'leaf')}, {questions}; {', '.join(parts)}"
