"""The page of a folder: its picture, the folders in it, and its own leaves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from seedbed.reports.html_writing import Child, Markup, element
from seedbed.reports.plural import counted
from seedbed.site.addresses import folder_page, leaf_page, link
from seedbed.site.folders import SiteFolder
from seedbed.site.frame import (
    Edition,
    breakable,
    framed,
    isolated,
    names,
    section,
    standing_tag,
    table,
    title_of,
    trail,
)
from seedbed.site.leaf_facts import LeafSummary, Standing
from seedbed.site.paging import cut, page_links
from seedbed.site.picture import picture
from seedbed.site.score_bar import bar, figure

_AUTHORS = 3  # named in a row
_ROWS = 200  # of folders and leaves on one page


def folder_pages(folder: SiteFolder, edition: Edition) -> Iterator[tuple[str, str]]:
    """The pages of a folder with their addresses: one, or of a very large one several."""
    rows: list[SiteFolder | LeafSummary] = [*folder.folders, *folder.leaves]
    parts = cut(rows, _ROWS)
    for number, part in enumerate(parts, 1):
        yield folder_page(folder.name, number), _page(folder, part, number, len(parts), edition)


def _page(
    folder: SiteFolder, rows: Sequence[SiteFolder | LeafSummary], number: int, of: int, edition: Edition
) -> str:
    address = folder_page(folder.name, number)
    title = title_of(folder.name) or "The whole tree"
    title += f", page {number:,}" if number > 1 else ""
    inside = f"{folder.name}/" if folder.name else ""
    folders = [row for row in rows if isinstance(row, SiteFolder)]
    leaves = [row for row in rows if isinstance(row, LeafSummary)]
    return framed(
        address,
        trail(address, folder.name) if folder.name else None,
        element("h1", isolated(title)),
        element("p", element("code", breakable(folder.name)), class_="quiet") if folder.name else None,
        [_said(folder), picture(folder, address)] if number == 1 else None,
        section("Folders", folder_table(folders, address, inside=inside)) if folders else None,
        section("Leaves", leaf_table(leaves, address)) if leaves else None,
        page_links(partial(folder_page, folder.name), number, of),
        edition=edition,
        title=title,
    )


def _said(folder: SiteFolder) -> Markup:
    written = f"{counted(folder.count, 'leaf')}, {counted(folder.questions, 'question')} that people wrote"
    return element("p", f"{written}, {counted(folder.samples, 'sample')} that are stored.")


def folder_table(folders: Sequence[SiteFolder], address: str, *, inside: str = "") -> Markup:
    """Folders with what they hold; names are told from the folder `inside` on."""
    heads = ("Folder", "Leaves", "Questions", "Samples", "Where they stand")
    rows: list[list[Child]] = [
        [
            element(
                "a", breakable(folder.name.removeprefix(inside)), href=link(address, folder_page(folder.name))
            ),
            f"{folder.count:,}",
            f"{folder.questions:,}",
            f"{folder.samples:,}",
            _standings(folder),
        ]
        for folder in folders
    ]
    return table("Folders", heads, rows)


def _standings(folder: SiteFolder) -> Markup:
    """How many leaves stand where, drawn and in words."""
    start, drawn, said = 0.0, [], []
    for standing in Standing:
        count = folder.standings[standing]
        if count:
            width = 100 * count / folder.count
            colour = f"standing-{standing.name.lower()}"
            drawn.append(element("rect", x=f"{start:.1f}", width=f"{width:.1f}", height=8, class_=colour))
            said.append(f"{count:,} {standing}")
            start += width
    strip = element(
        "svg", drawn, viewBox="0 0 100 8", preserveAspectRatio="none", aria_hidden="true", class_="score-bar"
    )
    return element("div", strip, element("span", ", ".join(said), class_="quiet"))


def leaf_table(leaves: Sequence[LeafSummary], address: str) -> Markup:
    """Leaves, a line each."""
    heads = ("Leaf", "Stands", "Questions", "Samples", "Score", "Written by")
    return table("Leaves", heads, [_leaf_row(leaf, address) for leaf in leaves])


def _leaf_row(leaf: LeafSummary, address: str) -> list[Child]:
    score: Child = [figure(leaf.score), *([] if leaf.score is None else [bar(leaf.score)])]
    return [
        [leaf_link(leaf, address), element("div", leaf.about, class_="quiet about", dir="auto")],
        standing_tag(leaf.standing),
        f"{leaf.questions:,}",
        f"{leaf.samples:,}",
        score,
        names(leaf.authors, _AUTHORS),
    ]


def leaf_link(leaf: LeafSummary, address: str) -> Markup:
    """The last part of its name, a link to its page."""
    return element("a", isolated(title_of(leaf.name)), href=link(address, leaf_page(leaf.name)))
