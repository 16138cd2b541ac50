"""A finished check → the report that it leaves: bounded, with what a comment shows and nothing else."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Sequence

from seedbed import __version__
from seedbed.checking.finding import Finding, Severity, Status
from seedbed.checking.report import CheckedLeaf, CheckReport
from seedbed.forge.check_report import CheckReportFile, ReportedFinding, ReportedLeaf
from seedbed.forge.report_file import LONGEST_TEXT, MOST_FINDINGS, MOST_LEAVES
from seedbed.reports.source_excerpt import Mark, excerpt, lines_by_path
from seedbed.taxonomy.leaf import LeafFile
from seedbed.taxonomy.nearest_leaves import Neighbourhood
from seedbed.taxonomy.read_leaf import MAXIMUM_BYTES, read_leaf
from seedbed.taxonomy.repository import Repository, TreeFile

_MOST_NEW = 3
"""Neighbours are looked for where so many leaves or fewer are new."""
_NEIGHBOURS = 3
_MOST_READ = 100  # of a large taxonomy, since reading a leaf takes a millisecond


def make_report(
    repository: Repository, report: CheckReport, *, taxonomy_root: str, head: str | None
) -> CheckReportFile:
    """What was checked and found. `head` is the last commit of the pull request, where the forge told of one."""
    checked = report.head or repository.head()
    lines = lines_by_path(report.sources)
    order = {Status.INTRODUCED: 0, Status.ALREADY_THERE: 1, Status.HEALED: 2}
    severities = list(Severity)
    ranked = sorted(
        report.findings,
        key=lambda found: (order[found.status], severities.index(found.severity), found.order),
    )
    findings = tuple(_finding(found, lines) for found in ranked[:MOST_FINDINGS])
    # In one go: each look at the working tree compares all of it with the index.
    found = repository.files(report.head, _above(report.leaves)) if report.leaves else ()
    files = {file.path: file for file in found}
    new = [leaf.name for leaf in report.leaves if leaf.change == "added"]
    near = (
        Neighbourhood(repository, report.head, taxonomy_root, most_read=_MOST_READ)
        if 0 < len(new) <= _MOST_NEW
        else None
    )
    leaves = tuple(
        _leaf(repository, leaf, files.get(leaf.path), report.head, near, new)
        for leaf in report.leaves[:MOST_LEAVES]
    )
    return CheckReportFile(
        __version__,
        head or checked,
        checked,
        report.base,
        report.failed,
        findings,
        leaves,
        len(report.findings) - len(findings),
        len(report.leaves) - len(leaves),
    )


def _finding(finding: Finding, sources: dict[str, list[str]]) -> ReportedFinding:
    source = sources.get(finding.path)
    shown = ""
    if source is not None:
        width = len(str(finding.span.line))
        shown = "\n".join(excerpt(source, [Mark(finding.span)], width, lambda text, tone: text, ""))
    return ReportedFinding(
        finding.code,
        finding.severity,
        finding.status,
        _cut(finding.path),
        finding.span.line,
        finding.span.column,
        _cut(finding.message),
        _cut(finding.help or ""),
        _cut(shown),
        finding.fix is not None and finding.fix.safe,
    )


def _above(leaves: Sequence[CheckedLeaf]) -> str:
    """The innermost folder that holds all of them, or the one file."""
    return posixpath.commonpath([leaf.path for leaf in leaves])


def _leaf(
    repository: Repository,
    leaf: CheckedLeaf,
    there: TreeFile | None,
    commit: str | None,
    near: Neighbourhood | None,
    new: Collection[str],
) -> ReportedLeaf:
    file = None if leaf.blob is None else _read(repository, leaf, there, commit)
    kind = str(file.leaf.kind) if file is not None and file.leaf is not None else None
    if kind is None and leaf.name.startswith("knowledge/"):
        kind = "knowledge"
    neighbours: tuple[str, ...] = ()
    if near is not None and leaf.change == "added" and file is not None and file.leaf is not None:
        words = f"{leaf.name} {file.leaf.task_description}"
        found = near.nearest(words, limit=_NEIGHBOURS, besides=new)
        neighbours = tuple(_cut(one.name) for one in found)
    old = None if leaf.old_path is None else _cut(leaf.old_path)
    return ReportedLeaf(
        _cut(leaf.path), _cut(leaf.name), leaf.blob, leaf.change, leaf.verdict, kind, old, neighbours
    )


def _read(
    repository: Repository, leaf: CheckedLeaf, file: TreeFile | None, commit: str | None
) -> LeafFile | None:
    """The leaf as it stands; None for what the check refused to read (a link, a file that is too large)."""
    if file is None or not file.is_regular or not 0 <= file.size <= MAXIMUM_BYTES:
        return None
    raw = repository.read(file, commit=commit, limit=MAXIMUM_BYTES)
    return read_leaf(raw, path=leaf.path, name=leaf.name, blob=file.blob)


def _cut(text: str) -> str:
    return text[:LONGEST_TEXT]
