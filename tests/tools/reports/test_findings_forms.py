"""Every form: what it looks like, that nothing is lost in it, and that none fails on an empty report."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.golden import assert_golden
from support.sample_reports import everything

from seedbed.checking.finding import Status
from seedbed.reports.findings import REPORTS

GOLDEN = Path(__file__).parent / "golden"
SUFFIXES = {
    "concise": "concise.txt",
    "github": "github-linked.txt",
    "gitlab": "gitlab.json",
    "json": "linked.json",
    "junit": "junit.xml",
    "text": "linked.txt",
    "markdown": "md",
}
URL = "https://seedbed.example/rules#"


@pytest.mark.parametrize("form", sorted(REPORTS))
def test_golden(form: str) -> None:
    text = REPORTS[form](everything(), documentation_url=URL)
    if form == "sarif":  # every rule's manual page is in it: the golden file is about the results
        log = json.loads(text)
        log["runs"][0]["tool"]["driver"] = {"name": "seedbed"}
        for result in log["runs"][0]["results"]:
            result.pop("ruleIndex", None)
        text = json.dumps(log, indent=2) + "\n"
    assert_golden(GOLDEN / f"findings.{SUFFIXES.get(form, form)}", text)


@pytest.mark.parametrize("form", sorted(REPORTS))
def test_every_finding_that_is_there_is_told(form: str) -> None:
    report = everything()
    text = REPORTS[form](report)
    for finding in report.findings:
        if finding.status is not Status.HEALED:
            assert finding.code in text


@pytest.mark.parametrize("form", sorted(REPORTS))
def test_a_report_without_findings_has_its_form(form: str) -> None:
    for report in (replace(everything(), findings=()), replace(everything(), findings=(), leaves=())):
        text = REPORTS[form](report)
        assert text.endswith("\n") or (form == "github" and not text)


@pytest.mark.parametrize("form", sorted(REPORTS))
def test_an_address_links_to_every_rule(form: str) -> None:
    assert (f"{URL}SB107" in REPORTS[form](everything(), documentation_url=URL)) is (form != "concise")


@pytest.mark.parametrize("form", sorted(name for name, form in REPORTS.items() if form.data))
def test_what_programs_read_is_the_same_each_time(form: str) -> None:
    assert REPORTS[form](everything()) == REPORTS[form](everything())
