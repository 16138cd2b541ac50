"""A new leaf names who proposes it as its creator.

Where the forge says who opened the pull request, a new leaf under another name was mostly copied from one that is there
with its first line unchanged. It can be meant, when somebody proposes the work of another.

Warns: `created_by: robin` in a new leaf that `kim` proposes

Passes: `created_by: kim`

To fix it: write your own account, or say in the pull request whose work it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Fix, Severity
from seedbed.checking.rules.created_by import PATH
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import is_placeholder, shown
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB214"
SEVERITY = Severity.WARNING


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Compare the name with the author of the change, whatever their case."""
    name = leaf.data.get("created_by") if leaf.data is not None else None
    if not around.newcomer or around.author is None or not isinstance(name, str):
        return
    written = name.strip().removeprefix("@")
    if not written or is_placeholder(name) or written.lower() == around.author.lower():
        return
    yield Finding(
        CODE,
        SEVERITY,
        leaf.path,
        leaf.span(PATH),
        f"this new leaf is created by {shown(written)}, and proposed by {shown(around.author)}",
        PATH,
        written[:80],
        "write your own account, or say in the pull request whose work it is",
        Fix(leaf.span(PATH), around.author, safe=False),
    )
