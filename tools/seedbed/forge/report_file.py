"""The file between the check, which strangers can change, and the publisher, which holds a token: written and read here."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from seedbed.checking.finding import Severity, Status
from seedbed.checking.verdict import Verdict
from seedbed.forge.check_report import CheckReportFile, ReportedFinding, ReportedLeaf
from seedbed.untrusted_file import read_untrusted

MAXIMUM_BYTES = 4 << 20
"""Largest report that is read."""
MOST_FINDINGS, MOST_LEAVES, LONGEST_TEXT = 300, 1_000, 4_096


def write_report(report: CheckReportFile) -> str:
    """The report as JSON, ASCII only."""
    fields = asdict(report)
    document = {"version": 1, "seedbed": fields.pop("version"), **fields}
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def read_report_file(path: Path) -> CheckReportFile:
    """The report at `path`, whoever wrote it. Raises UsageError when it is missing, too large or of another form."""
    return _report(
        read_untrusted(path, what="report", schema="check-report.v1.schema.json", limit=MAXIMUM_BYTES)
    )


def _report(document: dict[str, Any]) -> CheckReportFile:
    findings = tuple(
        ReportedFinding(**{**item, "severity": Severity(item["severity"]), "status": Status(item["status"])})
        for item in document["findings"]
    )
    leaves = tuple(
        ReportedLeaf(**{**item, "verdict": Verdict(item["verdict"]), "neighbours": tuple(item["neighbours"])})
        for item in document["leaves"]
    )
    return CheckReportFile(
        document["seedbed"],
        document["head"],
        document["checked"],
        document["base"],
        document["failed"],
        findings,
        leaves,
        int(document["more_findings"]),
        int(document["more_leaves"]),
    )
