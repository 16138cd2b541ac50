"""The file between the check, which strangers can change, and the publisher, which holds a token: written and read here."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from seedbed.bundled_files import bundled_file
from seedbed.checking.finding import Severity, Status
from seedbed.checking.verdict import Verdict
from seedbed.errors import UsageError
from seedbed.forge.check_report import CheckReportFile, ReportedFinding, ReportedLeaf

MAXIMUM_BYTES = 4 << 20
"""Largest report that is read."""
MOST_FINDINGS, MOST_LEAVES, LONGEST_TEXT = 300, 1_000, 4_096


def write_report(report: CheckReportFile) -> str:
    """The report as JSON, ASCII only."""
    fields = asdict(report)
    document = {"version": 1, "seedbed": fields.pop("version"), **fields}
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def read_report_file(path: Path) -> CheckReportFile:
    """The report at `path`, whoever wrote it. Raises UsageError when it is missing, too large or of another form.

    What is wrong is said in our words alone: the file's own text could be anything.
    """
    try:
        if path.is_symlink():
            raise UsageError("the report is a link")
        with path.open("rb") as file:
            raw = file.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        raise UsageError("the report cannot be read") from error
    if len(raw) > MAXIMUM_BYTES:
        raise UsageError(f"the report is larger than {MAXIMUM_BYTES >> 20} MiB")
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise UsageError("the report is not JSON") from error
    if not _validator().is_valid(document):
        raise UsageError("the report is not of the form that check-report.v1.schema.json says")
    return _report(document)


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    schema = json.loads(bundled_file("schema/check-report.v1.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema)


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
