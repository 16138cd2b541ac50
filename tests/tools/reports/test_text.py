"""The report for people."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from support.golden import assert_golden
from support.sample_reports import PATH, everything

from seedbed.checking.finding import Related
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


def marked(source: str, span: Span, **changes: object) -> list[str]:
    finding = replace(everything().findings[0], span=span, fix=None, help=None, **changes)  # type: ignore[arg-type]
    text = findings_text(replace(everything(), findings=(finding,), sources={PATH: source}))
    return text.split("\n\n")[0].split("\n")


def test_a_very_long_line_is_cut_around_the_mark() -> None:
    source = "x" * 5_000 + "HERE" + "y" * 5_000
    (*_, line, under) = marked(source, Span(1, 5_001, 1, 5_005))
    assert line.startswith("1 | …xxx") and line.endswith("yyy…") and len(line) < WIDEST_LINE + 10
    assert line.index("HERE") == under.index("^^^^") and under.count("^") == 4


def test_a_very_long_line_of_wide_characters_keeps_its_columns() -> None:
    source = "\u6771" * 300 + "HERE" + "\u4eac" * 300
    (*_, line, under) = marked(source, Span(1, 301, 1, 305))
    assert display_width(line.split("HERE")[0]) == under.index("^")
    assert display_width(line) < WIDEST_LINE + 10


def test_tabs_and_combining_marks_keep_the_caret_in_place() -> None:
    source = "\ta\tcafe\u0301 HERE"
    (*_, line, under) = marked(source, Span(1, 10, 1, 14))
    assert "\t" not in line
    assert display_width(line.split("HERE")[0]) == under.index("^")


def test_places_in_one_file_share_an_excerpt_in_the_order_of_the_file() -> None:
    source = "".join(f"line {number}\n" for number in range(1, 30))
    related = tuple(Related(PATH, Span(at, 1, at, 5), f"place {at}") for at in (20, 3, 4))
    lines = marked(source, Span(10, 6, 10, 8), related=related)
    assert [line for line in lines if "place" in line or line == "..."] == [
        "   | ---- place 3",
        "   | ---- place 4",
        "...",
        "...",
        "   | ---- place 20",
    ]
    assert lines[1].endswith(f"{PATH}:10:6")


def test_a_place_in_a_file_that_is_not_at_hand_is_still_told() -> None:
    related = (Related("elsewhere/qna.yaml", Span(7, 2, 7, 5), "asked there"),)
    lines = marked("x", Span(1, 1, 1, 2), related=related)
    assert lines[-1].strip() == "--> elsewhere/qna.yaml:7:2  asked there"
