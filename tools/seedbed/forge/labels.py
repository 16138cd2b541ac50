"""Which labels a pull request should have. Pure; labels that are not in `OURS` belong to people and are never touched."""

from __future__ import annotations

from dataclasses import dataclass

from seedbed.forge.check_report import CheckReportFile
from seedbed.forge.facts import CheckRun, Facts
from seedbed.forge.sections import Sections
from seedbed.forge.standing import Next, standing

PREVIEW = "preview"
"""Set by a maintainer who looked at the commit; taken off by us when another is pushed."""
STALE_PREVIEW = "preview-stale"
NEWCOMER = "first-contribution"
IDLE = "idle"
"""Nothing has happened for long: set by the dated policy, taken off as soon as something does."""
_BRANCHES = ("knowledge", "foundational_skills", "compositional_skills")
_KINDS = ("knowledge", "freeform", "grounded")
_CHANGES = {
    "added": "leaf: new",
    "edited": "leaf: edited",
    "renamed": "leaf: moved",
    "removed": "leaf: removed",
}
NEXT = {Next.AUTHOR: "needs-author", Next.MAINTAINER: "needs-maintainer"}
_OF_THE_LEAVES = frozenset(
    (
        *(f"branch: {name}" for name in _BRANCHES),
        *(f"kind: {name}" for name in _KINDS),
        *_CHANGES.values(),
    )
)
OURS = _OF_THE_LEAVES | frozenset((*NEXT.values(), STALE_PREVIEW, NEWCOMER, IDLE))
"""Every label that is set and taken off by itself."""


@dataclass(frozen=True, slots=True)
class Label:
    """A label as a repository keeps it; `colour` in six hex digits."""

    name: str
    colour: str
    description: str


_CHANGED, _WHERE, _TURN, _SHOWN = "1a7f37", "0969da", "d4a72c", "8250df"  # what belongs together looks alike
LABELS = (
    *(Label(f"branch: {name}", _WHERE, f"A leaf below {name}/ differs") for name in _BRANCHES),
    Label("kind: knowledge", _WHERE, "Questions about documents"),
    Label("kind: freeform", _WHERE, "A skill that needs no text beside the question"),
    Label("kind: grounded", _WHERE, "A skill at work on a text that comes with the question"),
    *(
        Label(name, _CHANGED, f"A leaf is {change}")
        for name, change in zip(_CHANGES.values(), ("new", "edited", "moved", "removed"), strict=True)
    ),
    Label(NEXT[Next.AUTHOR], _TURN, "The author acts next; the comment says what is to be done"),
    Label(NEXT[Next.MAINTAINER], _TURN, "A maintainer acts next; the comment says what is to be done"),
    Label(PREVIEW, _SHOWN, "Set by a maintainer who looked at the last commit: a teacher is asked about it"),
    Label(STALE_PREVIEW, _SHOWN, "The preview that is shown is of an earlier commit"),
    Label(NEWCOMER, "bf3989", "The author's first pull request here"),
    Label(IDLE, "6e7781", "Nothing has happened for long"),
)
"""Every label that means something to Seedbed."""


def missing_labels(names: frozenset[str]) -> tuple[Label, ...]:
    """Those of `LABELS` that a repository with labels of these names lacks; forges do not tell capitals apart."""
    there = {name.casefold() for name in names}
    return tuple(label for label in LABELS if label.name.casefold() not in there)


def wanted_labels(facts: Facts, said: Sections) -> frozenset[str]:
    """Those of `OURS` that should stand, given what the comment will say."""
    pull_request = facts.pull_request
    there = pull_request.labels & OURS
    run = facts.run
    report = run.report if isinstance(run, CheckRun) else None
    leaves = there & _OF_THE_LEAVES if report is None else _of_leaves(report)
    if not pull_request.open:
        return leaves | there & {NEWCOMER}  # what it was about stays; nobody has to act any more
    stale = said.preview is not None and said.preview.head != pull_request.head
    checked = said.check is not None and said.check.head == pull_request.head
    outcome = said.check.outcome if said.check and checked else None
    next_ = standing(outcome, pull_request).next
    moves = {NEXT[next_]} if next_ else there & set(NEXT.values())
    extra = {STALE_PREVIEW} if stale else set()
    return leaves | moves | extra | ({NEWCOMER} if pull_request.newcomer else set())


def _of_leaves(report: CheckReportFile) -> frozenset[str]:
    """What the changed leaves are; a stranger's report can name no label but ours."""
    named = set()
    for leaf in report.leaves:
        named.add(_CHANGES.get(leaf.change, ""))
        named.add(f"kind: {leaf.kind}")
        named.add(f"branch: {leaf.name.partition('/')[0]}")
    return frozenset(named & _OF_THE_LEAVES)
