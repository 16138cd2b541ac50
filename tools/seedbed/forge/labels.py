"""Which labels a pull request should have. Pure; labels that are not in `OURS` belong to people and are never touched."""

from __future__ import annotations

from seedbed.forge.facts import Facts, PreviewRun
from seedbed.forge.standing import Next, standing

PREVIEW = "preview"
"""Set by a maintainer who looked at the commit; taken off by us when another is pushed."""
STALE = "preview-stale"
_BRANCHES = ("knowledge", "foundational_skills", "compositional_skills")
_KINDS = ("knowledge", "freeform", "grounded")
_CHANGES = {
    "added": "leaf: new",
    "edited": "leaf: edited",
    "renamed": "leaf: moved",
    "removed": "leaf: removed",
}
_NEXT = {Next.AUTHOR: "needs-author", Next.MAINTAINER: "needs-maintainer"}
_OF_THE_LEAVES = frozenset(
    (
        *(f"branch: {name}" for name in _BRANCHES),
        *(f"kind: {name}" for name in _KINDS),
        *_CHANGES.values(),
    )
)
OURS = _OF_THE_LEAVES | frozenset((*_NEXT.values(), STALE))
"""Every label that is set and taken off by itself."""


def wanted_labels(facts: Facts) -> frozenset[str]:
    """Those of `OURS` that should stand. Without a report nothing is known of the leaves: their labels stay."""
    stale = {STALE} if _preview_is_stale(facts) else set()
    there = facts.pull_request.labels & OURS - {STALE}
    if isinstance(facts.run, PreviewRun):
        return there | stale
    next_ = _NEXT[standing(facts.run, facts.pull_request).next]
    if facts.run.report is None:
        return there & _OF_THE_LEAVES | stale | {next_}
    leaves = set()
    for leaf in facts.run.report.leaves:
        leaves.add(_CHANGES.get(leaf.change, ""))
        leaves.add(f"kind: {leaf.kind}")
        leaves.add(f"branch: {leaf.name.partition('/')[0]}")
    return frozenset(leaves & _OF_THE_LEAVES | stale | {next_})


def _preview_is_stale(facts: Facts) -> bool:
    if isinstance(facts.run, PreviewRun):
        return False
    shown = facts.said.preview
    return shown is not None and shown.head != facts.pull_request.head
