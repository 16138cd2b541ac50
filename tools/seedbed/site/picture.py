"""The picture of a folder: a tile for each leaf, as large as the questions that people wrote for it, in the colour and
pattern of where it stands. Of a large folder tiles stand for whole folders, with a strip for each standing in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from seedbed.reports.html_writing import Markup, element
from seedbed.reports.plural import counted
from seedbed.site.addresses import folder_page, leaf_page, link
from seedbed.site.folders import SiteFolder
from seedbed.site.leaf_facts import MEANINGS, LeafSummary, Standing
from seedbed.site.search_link import search_link
from seedbed.site.tiles import TILES, PlacedTile, Rest, Tile, placed_tiles, standings_of
from seedbed.site.treemap import Box

_LINE = 15  # pixels that one takes, as in the style
_LEAST_WIDTH = 34  # pixels: of a tile with its name in it


@dataclass(frozen=True, slots=True)
class _Layout:
    """How the picture is laid out for some windows; lengths in pixels."""

    name: str  # as the style knows it
    tiles: int  # at most
    widest: int  # tiles in one folder
    width: int  # for which the tiles are shaped; the picture takes what there is
    narrowest: int  # that it is shown in
    lowest: int
    each: int  # higher for each leaf
    highest: int


_LAYOUTS = (
    _Layout("wide", TILES, 48, width=1_000, narrowest=600, lowest=110, each=13, highest=440),
    _Layout("narrow", 30, 12, width=340, narrowest=290, lowest=150, each=26, highest=620),
)
"""A wide window has room for many tiles beside each other, a telephone for few, one below the other."""

_STROKES = {
    Standing.LEARNED: None,
    Standing.GROWN: "M4.5 4v1",
    Standing.FRESH: "M-1 10L10 -1",
    Standing.UNREADABLE: "M0 0L9 9M0 9L9 0",
    Standing.REVOKED: "M0 4.5h9",
}
"""What is drawn into each square of nine pixels: nothing, a dot, a slant, a cross, a level line."""


def picture(folder: SiteFolder, page: str) -> Markup | None:
    """The picture with its legend, its tiles links from `page`; None for a folder of one leaf or none."""
    if folder.count < 2:
        return None
    said = "One tile a leaf, or a folder of leaves, as large as its questions that people wrote."
    caption = element(
        "figcaption", _legend(folder, page), element("p", said, class_="quiet"), id="after-picture"
    )
    return element(
        "figure",
        element("a", "Skip the picture", href="#after-picture", class_="skip"),
        element("svg", _patterns(), width=0, height=0, class_="patterns", aria_hidden="true"),
        [_drawing(folder, page, layout) for layout in _LAYOUTS],
        caption,
    )


def _drawing(folder: SiteFolder, page: str, layout: _Layout) -> Markup:
    """The picture in one layout; the style shows the one that fits the window."""
    height = min(layout.highest, layout.lowest + layout.each * folder.count)
    name = folder.name or "the taxonomy"
    placed = placed_tiles(folder, Box(0, 0, layout.width, height), tiles=layout.tiles, widest=layout.widest)
    return element(
        "svg",
        [_drawn(one, page, layout) for one in placed],
        role="group",
        aria_label=f"Picture of {name}: {counted(folder.count, 'leaf')}, larger where more questions were written",
        class_=f"treemap {layout.name}",
        height=height,
    )


def _legend(folder: SiteFolder, page: str) -> Markup:
    """Each standing with its colour, how many leaves have it, and what it means; of the whole taxonomy, a link to them."""
    standings = folder.standings

    def count(standing: Standing) -> str:
        text = f"{standings[standing]:,} {standing}"
        return text if folder.name else search_link(page, "state", standing, text)

    items = [
        element(
            "li",
            element("svg", _filled(standing), aria_hidden="true", class_="swatch"),
            element("b", count(standing)),
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


def _drawn(placed: PlacedTile, page: str, layout: _Layout) -> Markup:
    """A link with what it leads to as its name."""
    tile, box = placed.tile, placed.box
    shown: list[Markup] = []
    if not placed.heading:
        edge = element("rect", width="100%", height="100%", class_="edge")
        shown += [element("title", _said(tile)), *_strips(tile), edge]
    lines = 1 if placed.heading else int((box.height - 4) // _LINE)
    if lines and box.width * layout.narrowest / layout.width >= _LEAST_WIDTH:
        shown.append(_text(placed.label, lines))
    address = leaf_page(tile.name) if isinstance(tile, LeafSummary) else folder_page(tile.name)
    return element(
        "a",
        _at(box, shown, layout.width),
        href=link(page, address),
        aria_label=_said(tile),
        class_="heading" if placed.heading else "tile",
    )


def _at(box: Box, shown: Sequence[Markup], width: int) -> Markup:
    """Across in parts of the picture's width, down in pixels: it gets narrower, and its letters do not."""
    return element(
        "svg",
        shown,
        x=f"{100 * box.x / width:.2f}%",
        y=f"{box.y:.1f}",
        width=f"{100 * box.width / width:.2f}%",
        height=f"{box.height:.1f}",
    )


def _strips(tile: Tile) -> Iterator[Markup]:
    """One rectangle, or one for each standing in a folder, as wide as its share of the leaves."""
    standings = standings_of(tile)
    start = 0.0
    for standing in Standing:
        if standings[standing]:
            share = 100 * standings[standing] / standings.total()
            yield _filled(standing, x=f"{start:.2f}%", width=f"{share:.2f}%")
            start += share


def _text(label: str, lines: int) -> Markup:
    """A name, in as many lines as the tile has room for."""
    words = element("div", label, dir="auto")
    return element("foreignObject", words, width="100%", height=3 + _LINE * lines)


def _said(tile: Tile) -> str:
    questions = counted(tile.questions, "question")
    if isinstance(tile, LeafSummary):
        return f"{tile.name}: {tile.standing}, {questions}"
    name = f"the rest of {tile.name or 'the taxonomy'}" if isinstance(tile, Rest) else tile.name
    parts = [f"{tile.standings[standing]:,} {standing}" for standing in Standing if tile.standings[standing]]
    return f"{name}: {counted(tile.count, 'leaf')}, {questions}; {', '.join(parts)}"
