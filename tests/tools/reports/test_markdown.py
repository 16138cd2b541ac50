"""The comment on a pull request: within its limit, inert, and honest about what it leaves out."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from support.sample_reports import everything
from support.shown_safely import assert_inert_markdown, assert_shown_safely

from seedbed.checking.finding import Status
from seedbed.checking.report import CheckReport
from seedbed.reports.markdown import COMMENT_LIMIT, MARKER, findings_markdown


def many(count: int, text: str) -> CheckReport:
    report = everything()
    first = report.findings[0]
    findings = [replace(first, message=f"{number} {text}", value=str(number)) for number in range(count)]
    findings[1::2] = [replace(finding, status=Status.ALREADY_THERE) for finding in findings[1::2]]
    return replace(report, findings=tuple(findings))


@pytest.mark.parametrize("text", ["plain", "\U0001f30a" * 900, "[" * 2_000, "`" * 999])
@pytest.mark.parametrize("count", [2, 300, 2_000])
def test_what_does_not_fit_is_counted(count: int, text: str) -> None:
    shown = findings_markdown(many(count, text))
    assert len(shown.encode("utf-16-le")) // 2 <= COMMENT_LIMIT
    told = shown.count("**SB107 error**")
    left = re.search(r"([\d,]+) more findings? do", shown)
    assert told + (int(left[1].replace(",", "")) if left else 0) == count
    assert (shown.count("<details>"), shown.count("</details>")) in ((0, 0), (1, 1))
    assert shown.startswith(f"{MARKER}\n") and "Checked `" in shown


def test_what_fails_comes_before_what_was_there() -> None:
    shown = findings_markdown(many(2_000, "x" * 400))
    assert "<details>" not in shown and "<summary>" not in shown


def test_nothing_to_say() -> None:
    shown = findings_markdown(replace(everything(), findings=(), leaves=()))
    assert "### Seedbed check: passed" in shown


@pytest.mark.parametrize(
    "active",
    [
        "[a](http://evil.example)",
        "![a](b)",
        "<img src=x>",
        "@somebody",
        "see #12",
        "GH-12",
        "https://evil.example",
        "www.evil.example",
        "a\n# b",
        "> quote",
        "\\#12",
        "&#64;somebody",
    ],
)
def test_the_test_itself_sees_active_markdown(active: str) -> None:
    with pytest.raises(AssertionError):
        assert_inert_markdown(f"text {active}\n" if not active.startswith((">", "a\n")) else active)
    assert_shown_safely("markdown", findings_markdown(many(1, active)))
