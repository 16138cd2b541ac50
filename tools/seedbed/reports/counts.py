"""Counting findings and leaves in words."""

from __future__ import annotations

from collections.abc import Iterable

from seedbed.checking.finding import Finding, Severity, Status
from seedbed.checking.report import CheckReport
from seedbed.checking.verdict import Verdict
from seedbed.reports.plural import counted


def shown(report: CheckReport) -> list[Finding]:
    """What is printed: introduced findings first, then what was there before; healed ones are only counted."""
    order = {Status.INTRODUCED: 0, Status.ALREADY_THERE: 1}
    present = [finding for finding in report.findings if finding.status in order]
    return sorted(present, key=lambda finding: (order[finding.status], finding.order))


def summary(report: CheckReport) -> str:
    """One sentence: how many leaves, and how many findings of which kind."""
    if not report.leaves and not report.findings:
        return (
            "No leaf differs from the base: nothing to check."
            if report.base
            else "There is no leaf to check."
        )
    removed = sum(leaf.verdict is Verdict.REMOVED for leaf in report.leaves)
    leaves = f"{counted(len(report.leaves) - removed, 'leaf', 'leaves')} checked"
    leaves += f", {removed} removed" if removed else ""
    by_status: dict[Status, list[Finding]] = {status: [] for status in Status}
    for finding in report.findings:
        by_status[finding.status].append(finding)
    words = {
        Status.INTRODUCED: "introduced by this change" if report.base else "found",
        Status.ALREADY_THERE: "already there",
    }
    parts = [
        f"{_by_severity(by_status[status])} {word}" for status, word in words.items() if by_status[status]
    ]
    parts += [f"{len(by_status[Status.HEALED])} healed"] if by_status[Status.HEALED] else []
    ignored = sum(count for _, count in report.ignored)
    left_out = f"; {ignored:,} ignored, with reasons" if ignored else ""
    return f"{leaves}: {'; '.join(parts) or 'no findings'}{left_out}."


def ignores(report: CheckReport) -> list[str]:
    """A line for each ignore that covered a finding: how many, of which rules, where, and why."""
    return [
        f"ignored {count:,}: {', '.join(ignore.rules)} in {', '.join(ignore.paths)} ({ignore.reason})"
        for ignore, count in report.ignored
    ]


def failing(report: CheckReport) -> int:
    """How many leaves fail."""
    return sum(leaf.verdict is Verdict.FAIL for leaf in report.leaves)


def outcome(report: CheckReport) -> str:
    """How the check ended, such as `2 leaves fail` or `passed`; what fails need not lie in a leaf."""
    count = failing(report)
    if count:
        return counted(count, "leaf fails", "leaves fail")
    return "the check fails" if report.failed else "passed"


def _by_severity(findings: Iterable[Finding]) -> str:
    counts = dict.fromkeys(Severity, 0)
    for finding in findings:
        counts[finding.severity] += 1
    return ", ".join(
        counted(count, severity.value, f"{severity.value}s") for severity, count in counts.items() if count
    )
