"""The file ends with a line break.

Tools that join or compare files show a spurious change when the last line is not closed.

Hints: a file whose last line has no line break.

Passes: the same file with one.

To fix it: let the editor add a final newline; the fix is safe.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Fix, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import inside_text
from seedbed.taxonomy.leaf import LeafFile, Span

CODE = "SB602"
SEVERITY = Severity.HINT


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Look at the file's last character."""
    if leaf.data is None or not leaf.text or leaf.text.endswith("\n"):
        return
    lines = leaf.text.split("\n")
    line, column = len(lines), len(lines[-1]) + 1
    span = Span(line, column, line, column)
    message = "the last line has no line break at its end"
    fix = Fix(span, "\n", safe=not inside_text(leaf, line))
    yield Finding(CODE, SEVERITY, leaf.path, span, message, value="newline", help="add one", fix=fix)
