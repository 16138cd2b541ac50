"""Findings in the format of reviewdog, which turns fixes into suggestions that a reviewer can take with a click.

Source: reviewdog/reviewdog, proto/rdf/reviewdog.proto. Its columns count UTF-8 bytes from 1 and its ends are exclusive.
"""

from __future__ import annotations

import json
from typing import Any

from seedbed.checking.finding import HERE_TOO, Finding, Fix, Related, Severity, Status
from seedbed.checking.report import CheckReport
from seedbed.reports.escape import is_hostile, json_for_log, markdown_inline, without_surrogates
from seedbed.reports.source_excerpt import lines_by_path
from seedbed.taxonomy.leaf import Span

_SEVERITIES = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.HINT: "INFO"}


def findings_rdjson(report: CheckReport, *, documentation_url: str | None = None) -> str:
    """A DiagnosticResult of what is there. Messages are escaped as Markdown, since they become review comments."""
    lines = lines_by_path(report.sources)
    diagnostics = [
        _diagnostic(finding, lines, documentation_url)
        for finding in report.findings
        if finding.status is not Status.HEALED
    ]
    document = {"source": {"name": "seedbed"}, "diagnostics": diagnostics}
    return json_for_log(json.dumps(document, indent=2, ensure_ascii=True)) + "\n"


def _diagnostic(
    finding: Finding, lines: dict[str, list[str]], documentation_url: str | None
) -> dict[str, Any]:
    old = " (already there)" if finding.status is Status.ALREADY_THERE else ""
    help = f"\n\nHelp: {markdown_inline(finding.help)}" if finding.help else ""
    code = {"value": finding.code}
    if documentation_url is not None:
        code["url"] = f"{documentation_url}{finding.code}"
    diagnostic: dict[str, Any] = {
        "message": f"{markdown_inline(finding.message)}{old}{help}",
        "location": _location(finding.path, finding.span, lines),
        "severity": _SEVERITIES[finding.severity],
        "code": code,
    }
    if finding.fix is not None and _can_be_shown(finding.fix):
        span = _range(finding.fix.span, lines.get(finding.path, []))
        diagnostic["suggestions"] = [{"range": span, "text": finding.fix.text}]
    if finding.related:
        diagnostic["related_locations"] = [_related(related, lines) for related in finding.related]
    return diagnostic


def _can_be_shown(fix: Fix) -> bool:
    """Whether a reviewer who takes the suggestion sees all of it."""
    return not any(is_hostile(character) and character not in "\n\t" for character in fix.text)


def _related(related: Related, lines: dict[str, list[str]]) -> dict[str, Any]:
    message = markdown_inline(related.message or HERE_TOO)
    return {"message": message, "location": _location(related.path, related.span, lines)}


def _location(path: str, span: Span, lines: dict[str, list[str]]) -> dict[str, Any]:
    return {"path": without_surrogates(path), "range": _range(span, lines.get(path, []))}


def _range(span: Span, lines: list[str]) -> dict[str, Any]:
    return {
        "start": {"line": span.line, "column": _byte_column(lines, span.line, span.column)},
        "end": {"line": span.end_line, "column": _byte_column(lines, span.end_line, span.end_column)},
    }


def _byte_column(lines: list[str], line: int, column: int) -> int:
    """The column in UTF-8 bytes from 1; of a file whose text is not at hand, the column in characters."""
    before = lines[line - 1][: column - 1] if line <= len(lines) else ""
    return column + len(before.encode("utf-8", "surrogatepass")) - len(before)
