"""Findings as annotations of a GitHub workflow run (docs.github.com, workflow commands).

A step shows at most 10 errors and 10 warnings and drops the rest without a word (actions/toolkit#734), so the most
urgent ones come first, one per file before a second, and the last of each kind counts those that were left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.checking.finding import Finding, Status
from seedbed.checking.report import CheckReport
from seedbed.checking.verdict import fails
from seedbed.reports.escape import github_data, github_property

PER_STEP = 10


def github_annotations(report: CheckReport, *, documentation_url: str | None = None) -> str:
    """One workflow command per line; empty when there is nothing to annotate.

    Only an introduced error is an `error`: what does not fail the check is a `warning`, or a `notice` for hints.
    """
    present = [finding for finding in report.findings if finding.status is not Status.HEALED]
    errors = [finding for finding in present if fails(finding)]
    hints = [finding for finding in present if not fails(finding) and finding.severity == "hint"]
    warnings = [finding for finding in present if not fails(finding) and finding.severity != "hint"]
    warnings.sort(key=lambda finding: finding.status is Status.ALREADY_THERE)
    levels = (("error", errors), ("warning", warnings), ("notice", hints))
    lines = [line for level, found in levels for line in _commands(level, found, documentation_url)]
    return "".join(f"{line}\n" for line in lines)


def _commands(level: str, findings: list[Finding], documentation_url: str | None) -> Iterator[str]:
    ordered = _one_per_file_first(findings)
    fitting = ordered if len(ordered) <= PER_STEP else ordered[: PER_STEP - 1]
    for finding in fitting:
        yield _command(level, finding, documentation_url)
    left = len(ordered) - len(fitting)
    if left:
        yield f"::{level} title=seedbed::{left} more of this kind: the log of this step shows them all"


def _one_per_file_first(findings: list[Finding]) -> list[Finding]:
    """The first finding of every file, then the second of every file, and so on."""
    seen: dict[str, int] = {}
    ranked = []
    for finding in findings:
        rank = seen.get(finding.path, 0)
        seen[finding.path] = rank + 1
        ranked.append((rank, finding))
    return [finding for _, finding in sorted(ranked, key=lambda pair: pair[0])]


def _command(level: str, finding: Finding, documentation_url: str | None) -> str:
    span = finding.span
    properties = {"title": f"seedbed {finding.code}", "file": finding.path, "line": str(span.line)}
    if span.end_line == span.line:  # GitHub drops columns, and some runners the annotation, when lines differ
        properties |= {"endLine": str(span.line), "col": str(span.column), "endColumn": str(span.end_column)}
    else:
        properties["endLine"] = str(span.end_line)
    listed = ",".join(f"{name}={github_property(value)}" for name, value in properties.items())
    status = " (already there)" if finding.status is Status.ALREADY_THERE else ""
    help = f"\nhelp: {finding.help}" if finding.help else ""
    see = "" if documentation_url is None else f"\nsee: {documentation_url}{finding.code}"
    where = f"{finding.path}:{span.line}:{span.column}: {finding.code}{status} "
    return f"::{level} {listed}::{github_data(where.replace(chr(10), ' ') + finding.message + help + see)}"
