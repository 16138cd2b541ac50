"""The taxonomy as a tree for people, and as data for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from seedbed.checking.finding import Severity
from seedbed.generation.status import LeafState
from seedbed.generation.taxonomy_overview import LeafOverview
from seedbed.reports.escape import terminal_text

VERSION = 1
"""Of the JSON document; raised when a key changes its meaning or goes away."""

Findings = Mapping[str, Counter[Severity]]
"""Leaf name → its findings by severity."""

Folder = dict[str, "Folder | LeafOverview"]


def tree_text(
    leaves: Sequence[LeafOverview], *, revision: str, release: str | None, findings: Findings | None = None
) -> str:
    """Folders with their leaves: kind, seeds, questions, state; folders that hold one thing share its line."""
    lines = [f"{revision} against {terminal_text(release) if release else 'no release yet'}", ""]
    rows = list(_rows(_folders(leaves), 0))
    width = max((len(label) for label, leaf in rows if leaf is not None), default=0)
    for label, leaf in rows:
        shown = f"{label:<{width}}  {_about(leaf, findings)}" if leaf is not None else label
        lines.append(shown.rstrip())
    lines += ["", _footer(leaves, findings)] if leaves else ["There is no leaf yet: seedbed new"]
    return "\n".join(lines) + "\n"


def _folders(leaves: Sequence[LeafOverview]) -> Folder:
    top: Folder = {}
    for leaf in leaves:
        here = top
        *folders, last = leaf.name.split("/")
        for folder in folders:
            below = here.setdefault(f"{folder}/", {})
            assert isinstance(below, dict), "names that end in a slash are folders"
            here = below
        here[last] = leaf
    return top


def _rows(folder: Folder, depth: int) -> Iterator[tuple[str, LeafOverview | None]]:
    """Each line's label and, where it ends in a leaf, the leaf."""
    for name, item in sorted(folder.items()):
        while isinstance(item, dict) and len(item) == 1 and depth > 0:
            ((below, item),) = item.items()
            name += below
        label = "  " * depth + terminal_text(name)
        if isinstance(item, LeafOverview):
            yield label, item
        else:
            yield f"{label}  {_totals(item)}" if depth == 0 else label, None
            yield from _rows(item, depth + 1)


def _totals(folder: Folder) -> str:
    leaves = list(_leaves(folder))
    return f"({_counted(len(leaves), 'leaf', 'leaves')}, {sum(leaf.seeds for leaf in leaves):,} seeds)"


def _leaves(folder: Folder) -> Iterator[LeafOverview]:
    for item in folder.values():
        if isinstance(item, LeafOverview):
            yield item
        else:
            yield from _leaves(item)


def _about(leaf: LeafOverview, findings: Findings | None) -> str:
    if leaf.state is LeafState.REMOVED:
        return "removed since"
    found = "" if findings is None else f"  {_severities(findings.get(leaf.name, Counter()))}"
    if leaf.kind is None:
        return f"cannot be read; see seedbed check{found}"
    asked = f" {leaf.questions:>3} questions" if leaf.questions != leaf.seeds else ""
    return f"{leaf.state.value:<9}  {leaf.kind.value:<9}  {leaf.seeds:>2} seeds{asked}{found}"


def _severities(counts: Counter[Severity]) -> str:
    return ", ".join(
        _counted(counts[severity], severity.value, f"{severity.value}s")
        for severity in Severity
        if counts[severity]
    )


def _footer(leaves: Sequence[LeafOverview], findings: Findings | None) -> str:
    present = [leaf for leaf in leaves if leaf.state is not LeafState.REMOVED]
    broken = sum(leaf.kind is None for leaf in present)
    states = Counter(leaf.state for leaf in leaves)
    seeds = sum(leaf.seeds for leaf in present)
    questions = sum(leaf.questions for leaf in present)
    parts = [
        f"{_counted(len(present), 'leaf', 'leaves')}, {seeds:,} seeds, {questions:,} questions",
        ", ".join(f"{states[state]} {state.value}" for state in LeafState if states[state]),
    ]
    parts += [f"{broken} cannot be read"] if broken else []
    if findings is not None:
        parts.append(_severities(sum(findings.values(), Counter())) or "no findings")
    return "; ".join(parts)


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def tree_json(
    leaves: Sequence[LeafOverview],
    *,
    commit: str | None,
    release: str | None,
    findings: Findings | None = None,
) -> str:
    """One document: `{"version", "commit", "release", "leaves": [{"name", "state", "kind", "seeds", …}]}`."""
    document = {
        "version": VERSION,
        "commit": commit,
        "release": release,
        "leaves": [_leaf_json(leaf, findings) for leaf in leaves],
    }
    return json.dumps(document, indent=2) + "\n"


def _leaf_json(leaf: LeafOverview, findings: Findings | None) -> dict[str, object]:
    shown: dict[str, object] = {
        "name": leaf.name,
        "state": leaf.state.value,
        "kind": leaf.kind.value if leaf.kind else None,
        "seeds": leaf.seeds,
        "questions": leaf.questions,
        "problem": leaf.problem,
    }
    if findings is not None:
        counts = findings.get(leaf.name, Counter())
        shown["findings"] = {severity.value: counts[severity] for severity in Severity}
    return shown
