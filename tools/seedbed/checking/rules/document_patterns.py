"""Patterns name files inside the repository.

A pattern that begins with `/`, climbs with `..` or reaches into `.git` could name files of the machine that fetches.

Fails: `patterns: ["../../etc/*"]`

Passes: `patterns: ["docs/*.md"]`

To fix it: write paths from the repository's root (or, without `repo`, from the leaf's folder) with `/` between folders.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import patterns_of, shown
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB403"
SEVERITY = Severity.ERROR


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Look at the folders of each pattern."""
    for path, pattern in patterns_of(leaf):
        if stays_inside(pattern):
            continue
        message = f"the pattern {shown(pattern)} reaches outside of the repository"
        help = "write a path from the repository's root, without `..`, such as docs/*.md"
        yield Finding(CODE, SEVERITY, leaf.path, leaf.span(path), message, path, pattern[:80], help)


def stays_inside(pattern: str) -> bool:
    """Whether every file that `pattern` can match lies in the folder that it starts from."""
    parts = pattern.split("/")
    return (
        not pattern.startswith(("/", "~"))
        and "\\" not in pattern
        and not any(part in ("..", ".git") for part in parts)
        and not (len(pattern) > 1 and pattern[1] == ":")
    )
