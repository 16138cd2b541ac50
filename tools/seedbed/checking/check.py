"""The use case `check`: which leaves are looked at, what every rule says of each, and what of it is new."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import PurePosixPath
from types import MappingProxyType

from seedbed.checking.finding import Finding, Status
from seedbed.checking.report import CheckedLeaf, CheckReport
from seedbed.checking.rules import RULES
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.tree import ATTRIBUTION, Tree
from seedbed.checking.verdict import Verdict, compare, verdict_of
from seedbed.config import Settings
from seedbed.errors import UsageError
from seedbed.taxonomy.changes import Base, ChangeKind, LeafChange, changed_leaves, leaf_name
from seedbed.taxonomy.repository import Repository

Progress = Callable[[int, int], None]
"""Called with how many leaves are done and how many there are."""


def check(
    repository: Repository,
    settings: Settings,
    *,
    base: Base | None,
    head: str | None = None,
    paths: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> CheckReport:
    """Check the leaves that differ between `base` and head; with `paths`, those at or under them, changed or not.

    Without a `base` every leaf (under `paths`) is checked for its own sake and every error fails. `head` is a commit,
    else `base.head`, else the working tree. `paths` are posix paths from the repository's root. Raises UsageError
    when a path holds no leaf.
    """
    root = settings.taxonomy.root
    commit = head if base is None else base.head
    after = Tree(repository, commit, root)
    before = None if base is None else Tree(repository, base.base, root)
    changed = (
        () if base is None else changed_leaves(repository, base=base.base, head=commit, taxonomy_root=root)
    )
    selected = changed if base is not None and not paths else _selected(changed, after, paths, root)
    findings: list[Finding] = []
    leaves: list[CheckedLeaf] = []
    for done, change in enumerate(selected):
        if progress is not None:
            progress(done, len(selected))
        judged = _judge(change, after, before, settings.check.licences)
        findings.extend(judged)
        leaves.append(_checked(change, judged))
    ordered = tuple(sorted(findings, key=lambda finding: (finding.order, finding.status)))
    rung = "every leaf, compared with nothing" if base is None else base.rung
    sources = MappingProxyType(_sources(after, ordered))
    return CheckReport(rung, None if base is None else base.base, commit, ordered, tuple(leaves), sources)


def _selected(
    changed: Iterable[LeafChange], after: Tree, paths: tuple[str, ...], root: str
) -> list[LeafChange]:
    """Every leaf at or under one of `paths`, with its change where it has one; removed ones too."""
    by_path = {change.path: change for change in changed}
    for path, file in after.leaves.items():
        unchanged = LeafChange(leaf_name(path, root), ChangeKind.UNCHANGED, path, file.blob, path, file.blob)
        by_path.setdefault(path, unchanged)
    chosen: dict[str, LeafChange] = {}
    for wanted in paths or (".",):
        here = {path: change for path, change in by_path.items() if _covers(wanted, path)}
        if not here and paths:
            raise UsageError(
                f"there is no leaf at or under {wanted}",
                hint="name a leaf's folder, its qna.yaml, or a folder above it; `seedbed check --all` checks all",
            )
        chosen.update(here)
    return [chosen[path] for path in sorted(chosen)]


def _covers(wanted: str, path: str) -> bool:
    """Whether `path` is `wanted`, lies under it, or belongs to the same leaf (such as its attribution)."""
    folder = str(PurePosixPath(path).parent)
    beside = wanted.startswith(f"{folder}/") and "." in PurePosixPath(wanted).name
    return wanted == "." or path == wanted or path.startswith(f"{wanted}/") or beside


def _checked(change: LeafChange, findings: tuple[Finding, ...]) -> CheckedLeaf:
    removed = change.kind is ChangeKind.REMOVED
    verdict = Verdict.REMOVED if removed else verdict_of(findings)
    old_path = change.old_path if change.kind is ChangeKind.RENAMED else None
    return CheckedLeaf(change.path, change.name, change.blob, change.kind.value, verdict, old_path)


def _judge(
    change: LeafChange, after: Tree, before: Tree | None, licences: tuple[str, ...]
) -> tuple[Finding, ...]:
    """What the rules say of one leaf, against what they say of it at the base. A removed leaf has no findings."""
    if change.kind is ChangeKind.REMOVED:
        return ()
    found = apply_rules(after, change.path, licences)
    if before is None or change.old_path is None:
        return compare(found, ())
    earlier = apply_rules(before, change.old_path, licences)
    return compare(found, earlier, renamed=_renamed(change))


def _renamed(change: LeafChange) -> dict[str, str]:
    """Where findings of the leaf's own files at the base stand at head."""
    if change.old_path is None or change.old_path == change.path:
        return {}
    old, new = PurePosixPath(change.old_path), PurePosixPath(change.path)
    return {str(old): str(new), str(old.with_name(ATTRIBUTION)): str(new.with_name(ATTRIBUTION))}


def apply_rules(tree: Tree, path: str, licences: tuple[str, ...]) -> list[Finding]:
    """Every finding of every rule on the leaf at `path`, in the order of the rules."""
    around = Surroundings(tree.leaves[path], tree, licences)
    leaf = tree.leaf_file(path)
    return [finding for rule in RULES for finding in rule.check(leaf, around)]


def _sources(tree: Tree, findings: Iterable[Finding]) -> dict[str, str]:
    """The text of each file that a finding which is still there points into."""
    paths: set[str] = set()
    for finding in findings:
        if finding.status is not Status.HEALED:
            paths.update((finding.path, *(related.path for related in finding.related)))
    return {path: text for path in sorted(paths) if (text := tree.text(path)) is not None}
