"""The licence in `attribution.txt` is one that this repository accepts, written as an SPDX identifier.

`[check] licences` in `seedbed.toml` lists them. A maintainer decides about others; the model card can only name what
is recognised.

Warns: `License of the work: free for all`

Passes: `License of the work: CC-BY-4.0`

To fix it: write the SPDX identifier (spdx.org/licenses), or ask a maintainer whether the licence can be accepted.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import is_placeholder, shown
from seedbed.taxonomy.attribution import read_attribution
from seedbed.taxonomy.leaf import LeafFile, Span

CODE = "SB212"
SEVERITY = Severity.WARNING


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Compare the licence that the attribution names with the list."""
    path, text = around.tree.attribution(leaf.path)
    if text is None or not text.strip():
        return
    licence = read_attribution(text).licence
    if licence is not None and licence in around.settings.licences:
        return
    span, written = _licence_line(text)
    if is_placeholder(written):
        return  # SB301 says so
    if licence is not None:
        message = f"the licence {licence} is not on this repository's list"
    elif written:
        message = f"the licence {shown(written)} is not an SPDX identifier that is known here"
    else:
        message = "the attribution names no licence"
    accepted = ", ".join(around.settings.licences)
    yield Finding(
        CODE,
        SEVERITY,
        path,
        span,
        message,
        value=licence or written[:80],
        help=f"licences accepted here: {accepted}",
    )


def _licence_line(text: str) -> tuple[Span, str]:
    """Where the licence's value stands and what it says; else the first line."""
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        name, colon, value = line.partition(":")
        if colon and ("license" in name.lower() or "licence" in name.lower()):
            start = len(name) + 2 + len(value) - len(value.lstrip())
            return Span(number, start, number, max(start + 1, len(line.rstrip()) + 1)), value.strip()
    return Span(1, 1, 1, max(2, len(lines[0]) + 1)), ""
