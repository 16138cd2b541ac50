"""Findings as JUnit XML, as Jenkins, GitLab and others read it (jenkinsci/xunit-plugin, junit-10.xsd).

A suite for each leaf, a case for each of its findings. Only what fails the check is a failure.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from xml.etree import ElementTree

from seedbed.checking.finding import Finding, Status
from seedbed.checking.report import CheckReport
from seedbed.checking.verdict import Verdict, fails
from seedbed.reports.escape import xml_for_log, xml_text


def findings_junit(report: CheckReport, *, documentation_url: str | None = None) -> str:
    """The document. A leaf without findings is one passing case, so that it is seen to have been checked."""
    root = ElementTree.Element("testsuites", name="seedbed check")
    for name, findings in _by_leaf(report).items():
        root.append(_suite(name, findings, documentation_url))
    totals = {key: sum(int(suite.attrib[key]) for suite in root) for key in ("tests", "failures", "errors")}
    root.attrib.update({key: str(total) for key, total in totals.items()})
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{xml_for_log(text)}\n'


def _by_leaf(report: CheckReport) -> Mapping[str, list[Finding]]:
    """Findings that are there by the leaf whose folder they are in; one elsewhere stands under its own file."""
    folders = {str(PurePosixPath(leaf.path).parent): leaf.name for leaf in report.leaves}
    suites: dict[str, list[Finding]] = {
        leaf.name: [] for leaf in report.leaves if leaf.verdict is not Verdict.REMOVED
    }
    for finding in report.findings:
        if finding.status is not Status.HEALED:
            name = folders.get(str(PurePosixPath(finding.path).parent), finding.path)
            suites.setdefault(name, []).append(finding)
    return suites


def _suite(name: str, findings: list[Finding], documentation_url: str | None) -> ElementTree.Element:
    failures = sum(map(fails, findings))
    suite = ElementTree.Element(
        "testsuite",
        name=xml_text(name),
        tests=str(max(1, len(findings))),
        failures=str(failures),
        errors="0",
        time="0",
    )
    for finding in findings:
        suite.append(_case(name, finding, documentation_url))
    if not findings:
        ElementTree.SubElement(suite, "testcase", classname=xml_text(name), name="no findings", time="0")
    return suite


def _case(name: str, finding: Finding, documentation_url: str | None) -> ElementTree.Element:
    where = f"{finding.path}:{finding.span.line}:{finding.span.column}"
    case = ElementTree.Element(
        "testcase", classname=xml_text(name), name=xml_text(f"{finding.code} at {where}"), time="0"
    )
    see = None if documentation_url is None else f"see: {documentation_url}{finding.code}"
    help = f"help: {finding.help}" if finding.help else None
    body = "\n".join(filter(None, (f"{where}: {finding.message}", help, see)))
    if fails(finding):
        failure = ElementTree.SubElement(
            case, "failure", message=xml_text(finding.message), type=finding.severity.value
        )
        failure.text = xml_text(body)
    else:
        old = " (already there)" if finding.status is Status.ALREADY_THERE else ""
        ElementTree.SubElement(case, "system-out").text = xml_text(f"{finding.severity.value}{old}: {body}")
    return case
