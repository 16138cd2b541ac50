"""A check report with one of everything that a report has to show."""

from __future__ import annotations

from seedbed.checking.finding import Finding, Fix, Related, Severity, Status
from seedbed.checking.report import CheckedLeaf, CheckReport
from seedbed.checking.verdict import Verdict
from seedbed.taxonomy.leaf import Span

PATH = "taxonomy/knowledge/sea/qna.yaml"
OLD = "taxonomy/knowledge/shore/qna.yaml"
SOURCE = """\
version: 3
answer: no
title: 東京 tide 🌊 end
text: |
  first
  second
\x1b[31mred: \u202eevil
again: 東京
"""


def everything() -> CheckReport:
    """Several lines, wide characters, a fix, a related place, hostile text, old and healed findings."""
    findings = (
        Finding(
            "SB107",
            Severity.ERROR,
            PATH,
            Span(2, 9, 2, 11),
            "`no` is false",
            ("answer",),
            "no",
            "quote it",
            Fix(Span(2, 9, 2, 11), "'no'", True),
        ),
        Finding(
            "SB305",
            Severity.WARNING,
            PATH,
            Span(3, 11, 3, 15),
            "asked twice",
            ("title",),
            "tide",
            related=(Related(PATH, Span(8, 8, 8, 10), "first here"),),
        ),
        Finding(
            "SB307", Severity.WARNING, PATH, Span(4, 7, 6, 9), "too long", ("text",), "text", "shorten it"
        ),
        Finding("SB309", Severity.WARNING, PATH, Span(7, 1, 7, 5), "hidden\n::error::x", (), "red"),
        Finding("SB602", Severity.HINT, PATH, Span(8, 10, 8, 10), "no line break", (), "newline"),
        Finding(
            "SB112",
            Severity.ERROR,
            OLD,
            Span(1, 1, 1, 5),
            "unknown key",
            ("a",),
            "a",
            status=Status.ALREADY_THERE,
        ),
        Finding("SB101", Severity.ERROR, OLD, Span(9, 1, 9, 2), "gone", (), "b", status=Status.HEALED),
    )
    leaves = (
        CheckedLeaf(PATH, "knowledge/sea", "a" * 40, "added", Verdict.FAIL),
        CheckedLeaf(
            OLD, "knowledge/shore", "b" * 40, "renamed", Verdict.WARN, "taxonomy/knowledge/coast/qna.yaml"
        ),
        CheckedLeaf("taxonomy/knowledge/old/qna.yaml", "knowledge/old", None, "removed", Verdict.REMOVED),
    )
    return CheckReport("merge base", "1" * 40, "2" * 40, findings, leaves, {PATH: SOURCE, OLD: "note: x\n"})
