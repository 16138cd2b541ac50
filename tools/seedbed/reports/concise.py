"""Findings as one line each, in the form that editors and `grep` understand: `path:line:column: …`."""

from __future__ import annotations

from seedbed.checking.finding import Finding, Status
from seedbed.checking.report import CheckReport
from seedbed.reports.counts import shown, summary
from seedbed.reports.escape import terminal_text


def findings_concise(report: CheckReport, *, documentation_url: str | None = None) -> str:
    """One line a finding, introduced ones first, then a line that counts. A line has no room for an address."""
    return "".join(f"{line}\n" for line in (*map(_line, shown(report)), summary(report)))


def _line(finding: Finding) -> str:
    old = " (already there)" if finding.status is Status.ALREADY_THERE else ""
    fixable = " [*]" if finding.fix is not None and finding.fix.safe else ""
    where = f"{terminal_text(finding.path)}:{finding.span.line}:{finding.span.column}"
    line = f"{where}: {finding.code} {finding.severity.value}{fixable}: {terminal_text(finding.message)}{old}"
    # Only a path could begin a line with what a workflow runner takes for a command.
    return f"./{line}" if line.lstrip().startswith(("::", "##[")) else line
