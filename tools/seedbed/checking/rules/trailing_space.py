"""Lines do not end in spaces.

They are invisible, differ in reviews without a reason, and inside a block of text become part of what is taught.

Hints: a line that ends in a space.

Passes: the same line without it.

To fix it: let the editor trim trailing spaces; the fix is safe outside of text blocks.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Fix, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import inside_text
from seedbed.taxonomy.leaf import LeafFile, Span

CODE = "SB601"
SEVERITY = Severity.HINT


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """One finding for the file, at its first such line, with the others counted."""
    if leaf.data is None:
        return
    lines = leaf.text.split("\n")
    kept = [line.removesuffix("\r") for line in lines]
    ends = [number for number, line in enumerate(kept) if line != line.rstrip(" \t")]
    if not ends:
        return
    first, last = ends[0], ends[-1]
    start = len(kept[first].rstrip(" \t"))
    span = Span(first + 1, start + 1, first + 1, len(kept[first]) + 1)
    whole = Span(first + 1, 1, last + 1, len(lines[last]) + 1)
    trimmed = "\n".join(
        kept[n].rstrip(" \t") + ("\r" if lines[n].endswith("\r") else "") for n in range(first, last + 1)
    )
    more = f", and so do {len(ends) - 1} more" if len(ends) > 1 else ""
    yield Finding(
        CODE,
        SEVERITY,
        leaf.path,
        span,
        f"this line ends in {'a space' if len(kept[first]) - start == 1 else 'spaces'}{more}",
        value="trailing",
        help="remove what follows the last visible character",
        fix=Fix(whole, trimmed, safe=not any(inside_text(leaf, number + 1) for number in ends)),
    )
