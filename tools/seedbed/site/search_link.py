"""A link that finds all leaves which share something."""

from __future__ import annotations

from urllib.parse import quote

from seedbed.reports.html_writing import Child, Markup, element
from seedbed.site.addresses import SEARCH, link
from seedbed.site.search_index import facet


def search_link(address: str, name: str, value: str, text: Child = None) -> Markup:
    """A link from the page at `address` to all leaves of which `name` is `value`, and none of which it only begins so."""
    query = quote(facet(name, value, exact=True), safe="", errors="replace")
    return element("a", text or value, href=f"{link(address, SEARCH)}#q={query}")
