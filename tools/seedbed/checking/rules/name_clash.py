"""No two leaves have paths that some systems take for one.

`Tides` and `tides` are one folder on macOS and Windows, and so are an accented letter and the same letter composed of
two signs; there the second leaf overwrites the first when it is checked out. `sea_words` and `sea-words` are two folders
everywhere, but one topic.

Fails: `knowledge/sea/Tides/qna.yaml` beside `knowledge/sea/tides/qna.yaml`

Passes: one of the two

To fix it: add the seeds to the leaf that is there, or choose a name that differs in its letters.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Related, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import start_of
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB207"
SEVERITY = Severity.ERROR


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Compare the leaf's folder and those above it with the folders of other leaves."""
    clash = next(
        (
            (mine, theirs, path)
            for mine, theirs, path in around.tree.folder_names.clashes(leaf.name)
            if around.tells_of(path)
        ),
        None,
    )
    if clash is None:
        return
    mine, theirs, path = clash
    advice = "add its seeds to that leaf" if mine == leaf.name else f"move this leaf under `{theirs}`"
    yield Finding(
        CODE,
        SEVERITY,
        leaf.path,
        start_of(leaf),
        f"`{mine}` and `{theirs}` differ only in case, in `-` and `_`, or in how a letter is written; some systems take "
        "them for one folder",
        value=f"{mine} {theirs}",
        help=f"{advice}, or choose a name that differs in its letters",
        related=(Related(path, start_of(around.tree.leaf_file(path)), "the other leaf"),),
    )
