"""What every page of the site has around it, and the forms that several pages share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from seedbed.reports.html_writing import Child, Markup, document, element, joined
from seedbed.site.addresses import FRONT, RELEASES, SEARCH, STYLE, folder_page, link
from seedbed.site.leaf_facts import Standing

POLICY = "default-src 'none'; style-src 'self' file:; form-action 'self' file:; base-uri 'none'"
"""No script, picture, frame or address of elsewhere. `'self'` is the site on a server; a page that is opened from a
folder has no origin, and browsers then know its own files by their scheme alone."""
SCRIPT_POLICY = f"{POLICY}; script-src 'self' file:"
"""Of the search page: scripts from files of the site, none that stands in a page."""


@dataclass(frozen=True, slots=True)
class Edition:
    """Which taxonomy the site shows, and as of when."""

    title: str
    commit: str
    committed: int  # seconds since 1970, UTC


def framed(address: str, *main: Child, edition: Edition, title: str, scripts: Sequence[str] = ()) -> str:
    """The whole page at `address` (from the site's top); with `scripts` it is one that may run them."""
    head = [
        element("link", rel="stylesheet", href=link(address, STYLE)),
        *(element("script", src=link(address, script), defer="") for script in scripts),
    ]
    return document(
        element("a", "Skip to the content", href="#content", class_="skip"),
        _top(address, edition),
        element("main", *main, id="content", tabindex=-1),
        _bottom(edition),
        title=title if title == edition.title else f"{title} · {edition.title}",
        policy=SCRIPT_POLICY if scripts else POLICY,
        head=head,
    )


def _top(address: str, edition: Edition) -> Markup:
    places = ((FRONT, "Overview"), (folder_page(""), "Tree"), (RELEASES, "Releases"))
    links = [
        element("a", name, href=link(address, target), aria_current="page" if target == address else None)
        for target, name in places
    ]
    search = element(
        "form",
        element("label", "Search the leaves", for_="q", class_="unseen"),
        element(
            "input", type="search", id="q", name="q", placeholder="Search the leaves", autocomplete="off"
        ),
        element("button", "Search", type="submit"),
        action=link(address, SEARCH),
        method="get",
        role="search",
    )
    home = element("a", edition.title, href=link(address, FRONT), class_="home")
    return element("header", home, element("nav", links, aria_label="Site"), search, class_="top")


def _bottom(edition: Edition) -> Markup:
    said = [
        "The taxonomy as of ",
        day(edition.committed),
        ", commit ",
        element("code", edition.commit[:12]),
        ".",
    ]
    warning = " Leaves are written by people, samples by a model: read both as data."
    return element("footer", element("p", said, warning))


def day(seconds: int) -> Markup:
    """A day, UTC."""
    shown = datetime.fromtimestamp(seconds, UTC).date().isoformat()
    return element("time", shown, datetime=shown)


def trail(address: str, name: str) -> Markup:
    """The folders above the leaf or folder `name`, each a link."""
    above = name.split("/")[:-1]
    links = [element("a", "taxonomy", href=link(address, folder_page("")))]
    for depth, part in enumerate(above, 1):
        target = folder_page("/".join(above[:depth]))
        links.append(element("a", part.replace("_", " "), href=link(address, target)))
    return element(
        "nav",
        element("ol", [element("li", one) for one in links]),
        aria_label="Where this is",
        class_="trail",
    )


def standing_tag(standing: Standing) -> Markup:
    """The word for a standing, in its colour."""
    return element("span", str(standing), class_=f"tag standing-{standing.name.lower()}")


def breakable(name: str) -> Markup:
    """A path or name whose lines may end after `/` and `_`; a part in another script keeps its own direction."""
    first, *others = [_part(part) for part in name.split("/")]
    return joined([first, *(["/", element("wbr"), part] for part in others)])


def _part(part: str) -> Child:
    if not part.isascii():
        return element("bdi", part)
    first, *others = part.split("_")
    return joined([first, *(["_", element("wbr"), word] for word in others)])


def isolated(text: str) -> Child:
    """A name amid others, which does not turn their order where it is written from right to left."""
    return text if text.isascii() else element("bdi", text)


def names(of: Sequence[str], most: int) -> Markup:
    """The first names of several, and how many more there are."""
    shown = [[", " if place else "", isolated(name)] for place, name in enumerate(of[:most])]
    return joined([*shown, f" and {len(of) - most} more" if len(of) > most else ""])


def title_of(name: str) -> str:
    """The last part of a leaf's or folder's name as words."""
    return name.rpartition("/")[2].replace("_", " ") or name


def facts_list(facts: Iterable[tuple[str, Child]]) -> Markup:
    """Names with their values; what has no value is left out."""
    shown = [
        element("div", element("dt", name), element("dd", value))
        for name, value in facts
        if value is not None
    ]
    return element("dl", shown, class_="facts")


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[Child]]) -> Markup:
    """A table whose first column names its rows; on a narrow screen each value is told with its head.

    The roles say again what it is: a browser forgets it of a table that is not laid out as one.
    """
    head = element(
        "tr", [element("th", text, scope="col", role="columnheader") for text in heads], role="row"
    )
    body = [
        element(
            "tr",
            element("th", row[0], scope="row", role="rowheader"),
            [
                element("td", element("div", cell), data_label=name, role="cell")
                for name, cell in zip(heads[1:], row[1:], strict=True)
            ],
            role="row",
        )
        for row in rows
    ]
    return element(
        "table",
        element("caption", caption, class_="unseen"),
        element("thead", head, role="rowgroup"),
        element("tbody", body, role="rowgroup"),
        class_="listing",
        role="table",
    )


def section(heading: str, *children: Child, anchor: str | None = None) -> Markup:
    """A part of a page under its heading."""
    return element("section", element("h2", heading), *children, class_="leaf", id=anchor)
