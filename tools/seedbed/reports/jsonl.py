"""Findings as JSON lines: a report, then every leaf, then every finding. Version 1, as in `json`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from seedbed.checking.report import CheckReport
from seedbed.reports.escape import json_for_log
from seedbed.reports.json_report import findings_document


def findings_jsonl(report: CheckReport, *, documentation_url: str | None = None) -> str:
    """One object a line, each with `type`: one `report`, then `leaf` and `finding` with the keys that `json` gives."""
    lines = (json.dumps(line, ensure_ascii=True) for line in _lines(report, documentation_url))
    return "".join(f"{json_for_log(line)}\n" for line in lines)


def _lines(report: CheckReport, documentation_url: str | None) -> Iterator[dict[str, Any]]:
    document = findings_document(report, documentation_url)
    findings, leaves = document.pop("findings"), document.pop("leaves")
    yield {"type": "report", **document, "leaves": len(leaves), "findings": len(findings)}
    yield from ({"type": "leaf", **leaf} for leaf in leaves)
    yield from ({"type": "finding", **finding} for finding in findings)
