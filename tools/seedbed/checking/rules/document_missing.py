"""Each pattern of a document in this repository matches a file.

A leaf without `repo` cites files beside it. A pattern that matches none leaves the leaf without anything to teach.

Fails: `patterns: [tide.md]` when the folder holds `tides.md`

Passes: `patterns: [tides.md]`

To fix it: correct the name, or add the file to the leaf's folder.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import PurePosixPath

from seedbed.checking.documents_beside import documents_beside, matching
from seedbed.checking.finding import Finding, Severity
from seedbed.checking.rules.document_patterns import stays_inside
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import document_of, is_placeholder, patterns_of, shown
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB404"
SEVERITY = Severity.ERROR


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Match each pattern against the files in and below the leaf's folder."""
    patterns = list(patterns_of(leaf))
    if not patterns or "repo" in document_of(leaf):
        return
    folder = PurePosixPath(leaf.path).parent
    files = documents_beside(leaf.path, around.tree)
    names = [str(PurePosixPath(file.path).relative_to(folder)) for file in files]
    for path, pattern in patterns:
        if (
            not pattern.strip()
            or is_placeholder(pattern)
            or not stays_inside(pattern)
            or any(True for _ in matching([pattern], folder, files))
        ):
            continue
        near = difflib.get_close_matches(pattern, names, n=1)
        message = f"{shown(pattern)} matches no file beside this leaf"
        if near:
            message += f"; did you mean `{near[0]}`?"
        here = ", ".join(f"`{name}`" for name in names[:5]) or "none"
        help = f"documents in this folder: {here}; for documents elsewhere, name their `repo` and `commit`"
        yield Finding(CODE, SEVERITY, leaf.path, leaf.span(path), message, path, pattern[:80], help)
