"""Findings as one JSON document for programs. Version 1: keys may be added, none is renamed or removed."""

from __future__ import annotations

import json
from typing import Any

from seedbed.checking.finding import Finding, Fix, Related
from seedbed.checking.report import CheckedLeaf, CheckReport
from seedbed.reports.escape import json_for_log
from seedbed.taxonomy.leaf import Span

VERSION = 1


def findings_json(report: CheckReport, *, documentation_url: str | None = None) -> str:
    """The document, ASCII only, so that names which are not UTF-8 survive; lines and columns count from 1."""
    document = findings_document(report, documentation_url)
    return json_for_log(json.dumps(document, indent=2, ensure_ascii=True)) + "\n"


def findings_document(report: CheckReport, documentation_url: str | None = None) -> dict[str, Any]:
    """The document as plain values."""
    return {
        "version": VERSION,
        "rung": report.rung,
        "base": report.base,
        "head": report.head,
        "failed": report.failed,
        "findings": [_finding(finding, documentation_url) for finding in report.findings],
        "leaves": [_leaf(leaf) for leaf in report.leaves],
        "ignored": [
            {"rules": list(i.rules), "paths": list(i.paths), "reason": i.reason, "count": count}
            for i, count in report.ignored
        ],
    }


def _finding(finding: Finding, documentation_url: str | None) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "status": finding.status.value,
        "path": finding.path,
        **_span(finding.span),
        "message": finding.message,
        "fingerprint": finding.fingerprint,
        "yaml_path": list(finding.yaml_path),
        "help": finding.help,
        "fix": None if finding.fix is None else _fix(finding.fix),
        "related": [_related(related) for related in finding.related],
        "url": None if documentation_url is None else f"{documentation_url}{finding.code}",
    }


def _span(span: Span) -> dict[str, int]:
    return {
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    return {**_span(fix.span), "text": fix.text, "safe": fix.safe}


def _related(related: Related) -> dict[str, Any]:
    return {"path": related.path, **_span(related.span), "message": related.message}


def _leaf(leaf: CheckedLeaf) -> dict[str, Any]:
    return {
        "path": leaf.path,
        "name": leaf.name,
        "blob": leaf.blob,
        "change": leaf.change,
        "verdict": leaf.verdict.value,
        "old_path": leaf.old_path,
    }
