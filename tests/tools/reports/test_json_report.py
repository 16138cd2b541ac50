"""The document for programs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from support.golden import assert_golden
from support.sample_reports import everything

from seedbed.reports.json_report import findings_json

GOLDEN = Path(__file__).parent / "golden"


def test_golden() -> None:
    assert_golden(GOLDEN / "findings.json", findings_json(everything()))


def test_the_keys_that_others_rely_on() -> None:
    document = json.loads(findings_json(everything()))
    assert document["version"] == 1
    assert {"base", "head", "findings", "leaves"} <= set(document)
    needed = {
        "code",
        "severity",
        "status",
        "path",
        "line",
        "column",
        "end_line",
        "end_column",
        "message",
        "fingerprint",
    }
    assert all(needed <= set(finding) for finding in document["findings"])
    assert all({"path", "blob", "change", "verdict"} <= set(leaf) for leaf in document["leaves"])


def test_names_that_are_not_utf8_survive() -> None:
    report = everything()
    odd = replace(report.findings[0], path="taxonomy/\udcff/qna.yaml")
    text = findings_json(replace(report, findings=(odd,)))
    assert text.isascii()
    assert json.loads(text)["findings"][0]["path"] == "taxonomy/\udcff/qna.yaml"
