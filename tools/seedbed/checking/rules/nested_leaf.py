"""A leaf does not lie inside another leaf.

A leaf's folder is its name, and the files in it belong to it. With a second leaf inside, a change of the inner one
would count as a change of the outer one, and a folder could not be moved without the other.

Warns: `knowledge/sea/qna.yaml` and `knowledge/sea/tides/qna.yaml`

Passes: `knowledge/sea/words/qna.yaml` and `knowledge/sea/tides/qna.yaml`

To fix it: move the outer leaf into a folder of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import start_of
from seedbed.taxonomy.leaf import LeafFile
from seedbed.taxonomy.leaf_files import parent

CODE = "SB221"
SEVERITY = Severity.WARNING


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Look for a leaf in one of the folders above, below the branch itself (a leaf there is SB206's to refuse)."""
    folder = parent(leaf.name)
    while "/" in folder:
        if around.tree.is_name(folder):
            yield Finding(
                CODE,
                SEVERITY,
                leaf.path,
                start_of(leaf),
                f"this leaf lies inside the leaf `{folder}`; the files of both would count as the outer one's",
                value=folder,
                help=f"move one of them, for example `{folder}` to `{folder}/general`",
            )
            return
        folder = parent(folder)
