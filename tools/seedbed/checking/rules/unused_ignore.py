"""Every ignore in `seedbed.toml` ignores something.

An ignore that is no longer needed hides the next fault of its kind. It can be known only when every leaf is checked
(`seedbed check --all`).

Warns: an ignore of SB203 in `taxonomy/old/*` when no leaf there breaks SB203.

Passes:

    [[check.ignore]]
    rules = ["SB203"]
    paths = ["taxonomy/old/*"]
    reason = "named before the rule was made"

To fix it: remove the ignore, or the rule or path that is not needed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.config import FILE_NAME, IgnoredFindings
from seedbed.taxonomy.leaf import Span

CODE = "SB702"
SEVERITY = Severity.WARNING


def unused(
    ignores: tuple[IgnoredFindings, ...], used: Collection[IgnoredFindings], text: str
) -> Iterator[Finding]:
    """One finding for each of `ignores` that is not among `used`, at its reason in `text`, the file that states it."""
    for ignore in ignores:
        if ignore in used:
            continue
        message = f"the ignore of {', '.join(ignore.rules)} in {', '.join(ignore.paths)} ignores nothing"
        help = "remove it; it would hide the next fault of its kind"
        yield Finding(
            CODE, SEVERITY, FILE_NAME, _place(text, ignore), message, value=ignore.reason[:80], help=help
        )


def _place(text: str, ignore: IgnoredFindings) -> Span:
    for number, line in enumerate(text.splitlines(), start=1):
        column = line.find(ignore.reason)
        if column >= 0:
            return Span(number, column + 1, number, column + 1 + len(ignore.reason))
    return Span(1, 1, 1, 1)
