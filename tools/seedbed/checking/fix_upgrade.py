"""`--upgrade`: a leaf of version 1 or 2 as one of version 3, where its content allows it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from seedbed.checking.fix_draft import draft, missing
from seedbed.checking.fix_edits import line_ending
from seedbed.taxonomy.leaf import Fault, Leaf, LeafFile
from seedbed.taxonomy.places import Places
from seedbed.taxonomy.read_leaf import read_leaf

CURRENT = 3


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The upgraded text, or why there can be none; of a draft both: what a person must still write in it."""

    text: str | None
    reasons: tuple[str, ...] = ()


def upgrade(leaf: LeafFile, *, drafts: bool = False) -> Upgrade | None:
    """The leaf as version 3; None where there is nothing to do or its other faults must be mended first.

    Nothing is invented: a knowledge leaf of an older version has no passages, so a person must add them, and a skill
    with fewer than five seeds needs more. With `drafts` a knowledge leaf becomes version 3 with a placeholder for each
    passage; it fails the check until they are filled in.
    """
    if leaf.leaf is None or leaf.data is None or leaf.leaf.version == CURRENT:
        return None
    old = leaf.leaf.version
    text = _with_version(leaf)
    again = read_leaf(text.encode(), path=leaf.path, name=leaf.name, blob="")
    if leaf.leaf.document is not None:
        return _knowledge(leaf.leaf, again, drafts)
    if again.leaf is not None and again.leaf.version == CURRENT:
        return Upgrade(text)
    return Upgrade(None, tuple(_reason(fault, old) for fault in again.faults))


def _knowledge(leaf: Leaf, again: LeafFile, drafts: bool) -> Upgrade:
    count = len(leaf.seed_examples)
    lacks = missing(count)
    text = draft(leaf, again) if drafts else None
    if text is not None:
        return Upgrade(text, (f"becomes version {CURRENT} as a draft: {lacks} in place of each TODO",))
    written = "its seeds stand in a form that cannot be moved" if drafts else _DRAFTED
    why = (
        f"stays version {leaf.version}: version {CURRENT} of a knowledge leaf puts three or more questions under each "
        f"passage of the document (`context`), and this leaf has {count} questions without passages; {lacks}, and rename "
        f"`task_description` to `document_outline` ({written})"
    )
    return Upgrade(None, (why,))


_DRAFTED = "with --unsafe it is written so, with a TODO at each place that is missing"


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
