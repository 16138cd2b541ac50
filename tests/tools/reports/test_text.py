"""The report for people."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from support.golden import assert_golden
from support.sample_reports import PATH, everything

from seedbed.reports.source_excerpt import WIDEST_LINE, display_width
from seedbed.reports.text import findings_text
from seedbed.taxonomy.leaf import Span

GOLDEN = Path(__file__).parent / "golden"


def test_golden() -> None:
    assert_golden(
        GOLDEN / "findings.txt", findings_text(everything(), local_command="seedbed check --base 111")
    )


def test_colour_changes_nothing_but_colour() -> None:
    import re

    plain, coloured = findings_text(everything()), findings_text(everything(), colour=True)
    assert coloured != plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_carets_stand_under_wide_characters() -> None:
    lines = findings_text(everything()).split("\n")
    (at,) = [number for number, line in enumerate(lines) if "tide 🌊" in line]
    before = lines[at].split("tide")[0]
    assert lines[at + 1].index("^") == display_width(before)
    assert lines[at + 1].count("^") == 4


def test_a_report_without_findings_says_so() -> None:
    report = replace(everything(), findings=())
    assert "2 leaves checked, 1 removed: no findings." in findings_text(report)
    assert "nothing to check" in findings_text(replace(report, leaves=()))


@given(st.text(max_size=300), st.integers(1, 300), st.integers(0, 200))
def test_any_line_is_shown_within_bounds_and_harmless(line: str, column: int, length: int) -> None:
    source = line.replace("\n", " ")
    span = Span(1, column, 1, column + length)
    finding = replace(everything().findings[0], span=span)
    text = findings_text(replace(everything(), findings=(finding,), sources={PATH: source}))
    assert "\x1b" not in text and "\u202e" not in text
    shown = [part for part in text.split("\n") if part.startswith("1 |")]
    assert all(len(part) <= 10 * WIDEST_LINE for part in shown)
    assert "^" in text


@given(st.text(st.characters(), max_size=40))
def test_no_line_could_be_taken_for_a_workflow_command(text: str) -> None:
    report = everything()
    hostile = replace(report.findings[1], path=text, message=text, help=text)
    printed = findings_text(replace(report, findings=(hostile,), sources={text: f"\n\n{text}"}))
    assert not [line for line in printed.splitlines() if line.lstrip().startswith(("::", "##["))]
