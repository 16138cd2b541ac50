"""The search page: the only one with a script, which loads the parts of the index that hold what was typed."""

from __future__ import annotations

from seedbed.reports.html_writing import Markup, element
from seedbed.site.addresses import SEARCH, folder_page
from seedbed.site.frame import Edition, framed

SCRIPTS = ("search.js", "search/head.js")

_EXAMPLES = (
    ("state:fresh", "leaves without samples yet"),
    ("kind:knowledge", "leaves that cite documents"),
    ("licence:cc-by", "leaves under one of these licences"),
)


def search_html(edition: Edition) -> str:
    """The whole page."""
    return framed(
        SEARCH,
        element("h1", "Search"),
        _help(),
        element("p", "", id="said", role="status"),
        element("ol", id="results", class_="results"),
        element("noscript", element("p", "Searching needs the page's script. ", _whole_tree())),
        edition=edition,
        title="Search",
        scripts=SCRIPTS,
    )


def _help() -> Markup:
    items = [
        element("li", element("a", element("code", query), href=f"#q={query}"), f" {meaning}")
        for query, meaning in _EXAMPLES
    ]
    said = (
        "All words of a query must be in a leaf: in its name, task, seeds, documents, authors or attribution. "
        "A word finds those that begin with it; with = in place of the colon, that value alone."
    )
    return element(
        "details", element("summary", "What can be asked"), element("p", said), element("ul", items)
    )


def _whole_tree() -> Markup:
    return element("a", "The whole tree", href=folder_page(""))
