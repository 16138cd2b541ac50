"""Reports held to what their readers expect: the schemas beside these tests say where each comes from."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.validators import validator_for
from support.naughty_strings import NAUGHTY
from support.sample_reports import PATH, everything
from support.xsd import Schema

from seedbed.checking.finding import Status
from seedbed.checking.report import CheckReport
from seedbed.checking.rules import RULES
from seedbed.reports.findings import REPORTS
from seedbed.taxonomy.leaf import Span

SCHEMAS = Path(__file__).parent / "schemas"
PUBLISHED = Path(__file__).parents[2] / "support" / "published_schemas"
URL = "https://seedbed.example/rules#"


def reports() -> list[CheckReport]:
    """Everything, nothing, no base, findings that are equal, and hostile ones."""
    full = everything()
    twice = replace(full, findings=(*full.findings, *full.findings))
    paths = (text or "x" for text in NAUGHTY)
    hostile = tuple(replace(full.findings[0], path=text, message=text or "x") for text in paths)
    return [
        full,
        replace(full, findings=(), leaves=()),
        replace(full, base=None),
        twice,
        replace(full, findings=hostile),
    ]


@pytest.mark.parametrize(
    ("form", "schema"),
    [("sarif", "sarif-2.1.0-part"), ("gitlab", "gitlab-code-quality"), ("rdjson", "rdjson")],
)
def test_json_forms(form: str, schema: str) -> None:
    rules = json.loads((SCHEMAS / f"{schema}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(rules)
    validator = Draft202012Validator(rules, format_checker=FormatChecker())
    for report in reports():
        for url in (None, URL):
            validator.validate(json.loads(REPORTS[form](report, documentation_url=url)))


def test_sarif_as_published() -> None:
    rules = json.loads((PUBLISHED / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    validator = validator_for(rules)(rules, format_checker=FormatChecker())
    for report in reports():
        for url in (None, URL):
            validator.validate(json.loads(REPORTS["sarif"](report, documentation_url=url)))
    golden = Path(__file__).parent / "golden" / "findings.sarif"
    validator.validate(json.loads(golden.read_text(encoding="utf-8")))
    assert not validator.is_valid({"version": "2.1.0", "runs": [{"results": []}]})


def test_junit() -> None:
    schema = Schema(SCHEMAS / "junit-10.xsd")
    for report in reports():
        root = ElementTree.fromstring(REPORTS["junit"](report, documentation_url=URL))
        assert schema.faults(root) == []
        for suite in root:
            assert int(suite.attrib["tests"]) == len(suite)
            assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))


def test_the_schema_reader_finds_faults() -> None:
    schema = Schema(SCHEMAS / "junit-10.xsd")
    bad = (
        '<testsuites><testsuite name="a" time="x" odd="1">text<testcase/><failure/></testsuite></testsuites>'
    )
    assert len(schema.faults(ElementTree.fromstring(bad))) == 8


@pytest.mark.parametrize("form", ["sarif", "gitlab"])
def test_fingerprints_differ(form: str) -> None:
    report = everything()
    found: Any = json.loads(REPORTS[form](replace(report, findings=report.findings * 3)))
    items = found if form == "gitlab" else found["runs"][0]["results"]
    prints = [item.get("fingerprint") or item["partialFingerprints"]["seedbed/v1"] for item in items]
    assert len(set(prints)) == len(prints)
    once = json.loads(REPORTS["json"](report))["findings"]
    assert {finding["fingerprint"] for finding in once if finding["status"] != "healed"} <= set(prints)


def test_sarif_knows_every_rule_and_what_is_new() -> None:
    run = json.loads(REPORTS["sarif"](everything()))["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.code for rule in RULES]
    assert all(rule["help"]["text"] for rule in rules)
    for result, finding in zip(run["results"], everything().findings, strict=True):
        states = {Status.INTRODUCED: "new", Status.ALREADY_THERE: "unchanged", Status.HEALED: "absent"}
        assert result["baselineState"] == states[finding.status]
        if "ruleIndex" in result:
            assert rules[result["ruleIndex"]]["id"] == finding.code


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a b/\u6771.yaml", "a%20b/%E6%9D%B1.yaml"),
        ("x/../../etc", "x/%252E%252E/%252E%252E/etc"),
        ("/etc/passwd", "%252F/etc/passwd"),
        ("c:/x", "c%3A/x"),
        ("\udcff/x", "%FF/x"),
    ],
)
def test_a_sarif_path_stays_below_the_sources(path: str, uri: str) -> None:
    report = everything()
    odd = replace(report.findings[0], path=path)
    (result,) = json.loads(REPORTS["sarif"](replace(report, findings=(odd,))))["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_rdjson_counts_bytes() -> None:
    report = everything()
    finding = replace(report.findings[0], span=Span(3, 11, 3, 15))
    text = REPORTS["rdjson"](replace(report, findings=(finding,)))
    found = json.loads(text)["diagnostics"][0]["location"]["range"]
    line = report.sources[PATH].split("\n")[2].encode()
    assert line[found["start"]["column"] - 1 : found["end"]["column"] - 1] == b"tide"


def test_a_suggestion_that_hides_something_is_not_made() -> None:
    report = everything()
    fix = report.findings[0].fix
    assert fix is not None
    sly = replace(report.findings[0], fix=replace(fix, text="'no'\u202e"))
    assert (
        "suggestions" not in json.loads(REPORTS["rdjson"](replace(report, findings=(sly,))))["diagnostics"][0]
    )
