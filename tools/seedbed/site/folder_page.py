"""The page of a folder: its picture, the folders in it, and its own leaves."""

from __future__ import annotations

from collections.abc import Sequence

from seedbed.reports.html_writing import Child, Markup, element
from seedbed.reports.plural import counted
from seedbed.site.addresses import folder_page, leaf_page, link
from seedbed.site.folders import SiteFolder
from seedbed.site.frame import Edition, framed, section, standing_tag, table, title_of, trail
from seedbed.site.leaf_facts import LeafSummary, Standing
from seedbed.site.picture import picture
from seedbed.site.score_bar import bar, figure

_AUTHORS = 3  # named in a row


def folder_html(folder: SiteFolder, edition: Edition) -> str:
    """The whole page."""
    address = folder_page(folder.name)
    title = title_of(folder.name) or "The whole tree"
    said = (
        f"{counted(folder.count, 'leaf')}, {counted(folder.questions, 'question')} that people wrote, "
        f"{counted(folder.samples, 'sample')} that are stored."
    )
    inside = f"{folder.name}/" if folder.name else ""
    return framed(
        address,
        trail(address, folder.name) if folder.name else None,
        element("h1", title),
        element("p", element("code", folder.name), class_="quiet") if folder.name else None,
        element("p", said),
        picture(folder, address),
        section("Folders", folder_table(folder.folders, address, inside=inside)) if folder.folders else None,
        section("Leaves", leaf_table(folder.leaves, address)) if folder.leaves else None,
        edition=edition,
        title=title,
    )


def folder_table(folders: Sequence[SiteFolder], address: str, *, inside: str = "") -> Markup:
    """Folders with what they hold; names are told from the folder `inside` on."""
    heads = ("Folder", "Leaves", "Where they stand", "Questions", "Samples")
    rows: list[list[Child]] = [
        [
            element("a", folder.name.removeprefix(inside), href=link(address, folder_page(folder.name))),
            f"{folder.count:,}",
            _standings(folder),
            f"{folder.questions:,}",
            f"{folder.samples:,}",
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
    named = ", ".join(leaf.authors[:_AUTHORS])
    more = f" and {len(leaf.authors) - _AUTHORS} more" if len(leaf.authors) > _AUTHORS else ""
    score: Child = [figure(leaf.score), *([] if leaf.score is None else [bar(leaf.score)])]
    return [
        [leaf_link(leaf, address), element("div", leaf.about, class_="quiet about", dir="auto")],
        standing_tag(leaf.standing),
        f"{leaf.questions:,}",
        f"{leaf.samples:,}",
        score,
        f"{named}{more}",
    ]


def leaf_link(leaf: LeafSummary, address: str) -> Markup:
    """The last part of its name, a link to its page."""
    return element("a", title_of(leaf.name), href=link(address, leaf_page(leaf.name)))
