"""No symbolic link and no submodule lies in the taxonomy.

A link where a leaf's folder should be is never followed, and a submodule's content is not in this repository: what they
stand for would be merged and never taught. Within a leaf's folder SB204 says so.

Fails: `knowledge/tides` as a link to `../drafts/tides`, or as a submodule

Passes: `knowledge/tides/qna.yaml` as a file

To fix it: replace it by a folder with the files themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.taxonomy.leaf import Span
from seedbed.taxonomy.repository import REFUSED, Difference, TreeFile

CODE = "SB208"
SEVERITY = Severity.ERROR


def strays(differences: Iterable[Difference], owned: Callable[[TreeFile], bool]) -> Iterator[Finding]:
    """Links, submodules and doubled names that differ from the base, save those that belong to a leaf (`owned`)."""
    for before, after in differences:
        what = REFUSED.get(after.mode) if after is not None else None
        if after is None or what is None or owned(after):
            continue
        if before is not None and before.mode == after.mode:
            continue  # it was one before
        yield Finding(
            CODE,
            SEVERITY,
            after.path,
            Span(1, 1, 1, 1),
            f"this is {what}; what it stands for would not be taught",
            value=f"{after.mode:o}",
            help="replace it by a folder with the files themselves",
        )
