"""Which files of a tree a leaf's patterns mean, decided on names alone; no folder is ever walked."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from seedbed.errors import UsageError

MAXIMUM_PATTERNS = 10
MAXIMUM_CHARACTERS = 200  # of one pattern


def checked_patterns(patterns: Iterable[str]) -> tuple[str, ...]:
    """The patterns as they are; raises UsageError for one that could reach outside, or for too many."""
    found = tuple(patterns)
    if not 1 <= len(found) <= MAXIMUM_PATTERNS:
        raise UsageError(
            f"the leaf names {len(found)} document patterns; 1 to {MAXIMUM_PATTERNS} were expected",
            hint="cover several documents by one pattern, such as 'documents/*.md'",
        )
    for pattern in found:
        reason = _reason_against(pattern)
        if reason:
            raise UsageError(
                f"the document pattern {_shown(pattern)} {reason}",
                hint="such as 'harbour.md' or 'rules/*.md'",
            )
    return found


def matches(path: str, pattern: str) -> bool:
    """Whether a posix path fits a glob: `*`, `?` and `[…]` within one name, `**` for any number of folders."""
    names, globs = path.split("/"), pattern.split("/")
    # One row of the table per name: fits[j] says that the names so far fit the first j globs.
    fits = [True] + [False] * len(globs)
    for index, glob in enumerate(globs):
        fits[index + 1] = fits[index] and glob == "**" and index + 1 < len(globs)
    for name in names:
        row = [False] * (len(globs) + 1)
        for index, glob in enumerate(globs):
            if glob == "**" and index + 1 < len(globs):
                row[index + 1] = row[index] or fits[index + 1]
            else:
                row[index + 1] = fits[index] and fnmatchcase(name, "*" if glob == "**" else glob)
        fits = row
    return fits[-1]


def _reason_against(pattern: str) -> str:
    if not pattern or len(pattern) > MAXIMUM_CHARACTERS:
        return f"has {len(pattern)} characters; 1 to {MAXIMUM_CHARACTERS} were expected"
    if not pattern.isprintable() or "\\" in pattern:
        return "holds a backslash or an unprintable character"
    if pattern.startswith("/"):
        return "begins with a slash; it is read from the leaf's folder down"
    parts = pattern.split("/")
    if ".." in parts or "." in parts or "" in parts:
        return "leaves its folder or holds an empty step"
    if any(part.casefold() == ".git" for part in parts):
        return "reaches into .git"
    return ""


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 80 else text[:79] + "…")
