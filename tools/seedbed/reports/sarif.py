"""Findings as SARIF 2.1.0 (OASIS standard), for code scanning and editors.

Text of strangers is escaped where SARIF gives it a meaning: brackets in a message are a link (section 3.11.6).
"""

from __future__ import annotations

import json
import re
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from seedbed.checking.finding import HERE_TOO, Finding, Fix, Severity, Status
from seedbed.checking.report import CheckReport
from seedbed.checking.rules import RULES, Rule
from seedbed.reports.escape import json_for_log, terminal_text
from seedbed.reports.fingerprints import with_unique_fingerprints
from seedbed.taxonomy.leaf import Span

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "note"}
_BASELINE = {Status.INTRODUCED: "new", Status.ALREADY_THERE: "unchanged", Status.HEALED: "absent"}


def findings_sarif(report: CheckReport, *, documentation_url: str | None = None) -> str:
    """One log with one run. Without a base to compare with, results have no `baselineState`."""
    compared = report.base is not None
    results = [
        _result(finding, fingerprint, compared)
        for finding, fingerprint in with_unique_fingerprints(report.findings)
    ]
    run = {
        "tool": {"driver": _driver(documentation_url)},
        "automationDetails": {"id": "seedbed/check/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True}],
        "results": results,
        "properties": {"rung": terminal_text(report.rung), "base": report.base, "head": report.head},
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json_for_log(json.dumps(log, ensure_ascii=True)) + "\n"


def _driver(documentation_url: str | None) -> dict[str, Any]:
    return {
        "name": "seedbed",
        "semanticVersion": version("seedbed"),
        "rules": [_rule(rule, documentation_url) for rule in RULES],
    }


def _rule(rule: Rule, documentation_url: str | None) -> dict[str, Any]:
    name = "".join(word.capitalize() for word in rule.name.split("-"))
    described: dict[str, Any] = {
        "id": rule.code,
        "name": name,
        "shortDescription": {"text": rule.title},
        "help": {"text": rule.manual, "markdown": rule.manual},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }
    if documentation_url is not None:
        described["helpUri"] = f"{documentation_url}{rule.code}"
    return described


_RULE_INDEX = {rule.code: index for index, rule in enumerate(RULES)}


def _result(finding: Finding, fingerprint: str, compared: bool) -> dict[str, Any]:
    help = f" ({finding.help})" if finding.help else ""
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity],
        "message": _message(finding.message + help),
        "locations": [{"physicalLocation": _place(finding.path, finding.span)}],
        "partialFingerprints": {"seedbed/v1": fingerprint},
    }
    if finding.code in _RULE_INDEX:
        result["ruleIndex"] = _RULE_INDEX[finding.code]
    if compared:
        result["baselineState"] = _BASELINE[finding.status]
    if finding.related:
        result["relatedLocations"] = [
            {
                "id": number,
                "physicalLocation": _place(related.path, related.span),
                "message": _message(related.message or HERE_TOO),
            }
            for number, related in enumerate(finding.related, start=1)
        ]
    if finding.fix is not None and finding.status is not Status.HEALED:
        result["fixes"] = [_fix(finding.path, finding.fix)]
    return result


def _fix(path: str, fix: Fix) -> dict[str, Any]:
    replacement: dict[str, Any] = {"deletedRegion": _region(fix.span)}
    if fix.text:
        replacement["insertedContent"] = {"text": fix.text}
    safety = "keeps what the author means" if fix.safe else "may change what the author means"
    return {
        "description": {"text": f"A fix that {safety}"},
        "artifactChanges": [{"artifactLocation": _artifact(path), "replacements": [replacement]}],
    }


def _message(text: str) -> dict[str, str]:
    return {"text": re.sub(r"([\\\[\]])", r"\\\1", terminal_text(text))}


def _place(path: str, span: Span) -> dict[str, Any]:
    return {"artifactLocation": _artifact(path), "region": _region(span)}


def _artifact(path: str) -> dict[str, str]:
    """A path as a URI below the root of the sources, which no part of it can leave or take for a host."""
    parts = (quote(_bytes(part), safe="") for part in path.split("/"))
    written = (part if part.strip(".") else quote(part.replace(".", "%2E") or "%2F") for part in parts)
    return {"uri": "/".join(written), "uriBaseId": "%SRCROOT%"}


def _bytes(part: str) -> bytes:
    """A name as git holds it: bytes that are not UTF-8 come back from their escapes."""
    try:
        return part.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a surrogate that git cannot have given
        return part.encode("utf-8", "backslashreplace")


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
