"""A new leaf is about something that no other leaf of its branch covers.

Two leaves of one topic split its seeds, are measured apart and often contradict each other. More seeds in one leaf do
more. The same word can mean two things in two places: this is a hint.

Hints: a new `knowledge/science/tides` when there is `knowledge/sea/tide`

Passes: `knowledge/science/tidal_power`

To fix it: look at the other leaf; add your seeds there, or choose a name that tells the two apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from seedbed.checking.finding import Finding, Related, Severity
from seedbed.checking.other_leaves import topic_of
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import start_of
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB503"
SEVERITY = Severity.HINT

_GENERAL = frozenset(
    "basic data example fact general intro introduction list misc overview question table test".split()
)


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """Compare the words of the new leaf's last folder with those of other leaves of its branch."""
    topic = topic_of(leaf.name)
    if not around.newcomer or not topic or set(topic) <= _GENERAL:
        return
    branch = leaf.name.split("/", 1)[0]
    for path in around.tree.others.of_topic(topic, near=leaf.path, whole=around.whole):
        other = around.tree.leaf_file(path)
        if path == leaf.path or not other.name.startswith(f"{branch}/") or not around.tells_of(path):
            continue
        if _folder(leaf.name) == _folder(other.name) and leaf.name != other.name and _same_signs(leaf, other):
            continue  # SB207 says so
        yield Finding(
            CODE,
            SEVERITY,
            leaf.path,
            start_of(leaf),
            f"the leaf `{other.name}` may cover this already",
            value=other.name,
            help="look at it; add your seeds there, or choose a name that tells the two apart",
            related=(Related(path, start_of(other), "the other leaf"),),
        )
        return


def _folder(name: str) -> str:
    return str(PurePosixPath(name).parent)


def _same_signs(leaf: LeafFile, other: LeafFile) -> bool:
    return leaf.name.casefold().replace("-", "_") == other.name.casefold().replace("-", "_")
