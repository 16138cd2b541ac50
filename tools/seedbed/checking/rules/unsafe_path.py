"""A leaf's folders have names that every machine can check out.

`..`, `.git`, backslashes, control characters, Windows device names and trailing dots cannot be checked out on some
systems, or write somewhere else when they are.

Fails: `knowledge/con/qna.yaml`, `knowledge/tides./qna.yaml`, `knowledge/a\\b/qna.yaml`

Passes: `knowledge/tides/qna.yaml`

To fix it: rename the folder; lower-case letters, digits and `_` are always safe.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import start_of
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB202"
SEVERITY = Severity.ERROR

_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
)
"""Names that Windows keeps for devices, with any ending (learn.microsoft.com, Naming files)."""


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Look at each folder of the path."""
    for part in leaf.path.split("/"):
        trouble = trouble_of(part)
        if trouble is not None:
            yield Finding(
                CODE,
                SEVERITY,
                leaf.path,
                start_of(leaf),
                f"the name `{part}` in this leaf's path {trouble}",
                value=part,
                help="rename it; lower-case letters, digits and `_` are always safe",
            )


@lru_cache(maxsize=1_024)  # leaves share most of their folders
def trouble_of(part: str) -> str | None:
    """Why the name `part` cannot be checked out everywhere; None when it can."""
    if part in ("", ".", "..") or part.casefold() in (".git", "git~1"):
        return "stands for another place when it is checked out"
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in part):
        return "holds a character that is not text, or bytes that are not UTF-8"
    if "\\" in part or ":" in part:
        return "holds `\\` or `:`, which separate paths on some systems"
    if part[-1] in ". ":
        return "ends in a dot or space, which some systems drop"
    if part.casefold().split(".", 1)[0] in _DEVICES:
        return "is the name of a device on Windows"
    return None
