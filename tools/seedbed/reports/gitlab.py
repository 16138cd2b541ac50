"""Findings as GitLab's code quality report (docs.gitlab.com, ci/testing/code_quality, report format).

GitLab compares the report of a merge request with that of its target branch by the fingerprints, which must differ.
"""

from __future__ import annotations

import json
from typing import Any

from seedbed.checking.finding import Finding, Severity, Status
from seedbed.checking.report import CheckReport
from seedbed.reports.escape import json_for_log, terminal_text, without_surrogates
from seedbed.reports.fingerprints import with_unique_fingerprints

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.HINT: "info"}


def findings_gitlab(report: CheckReport, *, documentation_url: str | None = None) -> str:
    """A JSON list of what is there, new or not: what is healed is missing, which is how GitLab sees it."""
    present = (finding for finding in report.findings if finding.status is not Status.HEALED)
    issues = [
        _issue(finding, fingerprint, documentation_url)
        for finding, fingerprint in with_unique_fingerprints(present)
    ]
    return json_for_log(json.dumps(issues, indent=2, ensure_ascii=True)) + "\n"


def _issue(finding: Finding, fingerprint: str, documentation_url: str | None) -> dict[str, Any]:
    span = finding.span
    parts = [finding.message, f"({finding.help})" if finding.help else ""]
    parts.append("" if documentation_url is None else f"{documentation_url}{finding.code}")
    return {
        "description": terminal_text(" ".join(filter(None, parts))),
        "check_name": finding.code,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {
            "path": without_surrogates(finding.path),
            "lines": {"begin": span.line, "end": span.end_line},
            "positions": {
                "begin": {"line": span.line, "column": span.column},
                "end": {"line": span.end_line, "column": span.end_column},
            },
        },
    }
