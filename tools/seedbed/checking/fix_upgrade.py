"""`--upgrade`: a leaf of version 1 or 2 as one of version 3, where its content allows it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from seedbed.checking.fix_edits import line_ending
from seedbed.taxonomy.leaf import Fault, LeafFile
from seedbed.taxonomy.places import Places
from seedbed.taxonomy.read_leaf import read_leaf

CURRENT = 3


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The upgraded text, or why there can be none."""

    text: str | None
    reasons: tuple[str, ...] = ()


def upgrade(leaf: LeafFile) -> Upgrade | None:
    """The leaf as version 3; None where there is nothing to do or its other faults must be mended first.

    Nothing is invented: a knowledge leaf of an older version has no passages, so a person must add them, and a skill
    with fewer than five seeds needs more.
    """
    if leaf.leaf is None or leaf.data is None or leaf.leaf.version == CURRENT:
        return None
    old = leaf.leaf.version
    if leaf.data.get("document") is not None:
        return Upgrade(None, (_passages_missing(leaf, old),))
    text = _with_version(leaf)
    again = read_leaf(text.encode(), path=leaf.path, name=leaf.name, blob="")
    if again.leaf is not None and again.leaf.version == CURRENT:
        return Upgrade(text)
    return Upgrade(None, tuple(_reason(fault, old) for fault in again.faults))


def _passages_missing(leaf: LeafFile, old: int) -> str:
    seeds = leaf.data.get("seed_examples") if leaf.data is not None else ()
    count = len(seeds) if isinstance(seeds, list) else 0
    groups = max(5, -(-count // 3))
    return (
        f"stays version {old}: version {CURRENT} of a knowledge leaf puts three or more questions under each passage of "
        f"the document (`context`), and this leaf has {count} questions without passages; copy {groups} passages, "
        f"{'share the questions out' if count >= 15 else f'write {15 - count} more questions'}, and rename "
        "`task_description` to `document_outline`"
    )


def _reason(fault: Fault, old: int) -> str:
    return f"stays version {old}, since version {CURRENT} asks for more: {fault.message}"


def _with_version(leaf: LeafFile) -> str:
    """The text with `version: 3`, in the place of the old number or on a line of its own before the first key."""
    data: Mapping[str, object] = leaf.data or {}
    places = Places(leaf.text)
    if "version" in data:
        start, end = places.offsets(leaf.span(("version",)))
        return leaf.text[:start] + re.sub(r"\d+", str(CURRENT), leaf.text[start:end]) + leaf.text[end:]
    at, _ = places.offsets(leaf.key_span((next(iter(data)),)))
    return f"{leaf.text[:at]}version: {CURRENT}{line_ending(leaf.text)}{leaf.text[at:]}"
