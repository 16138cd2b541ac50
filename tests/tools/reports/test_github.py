"""Annotations: what the runner's own grammar reads in our output."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from support.golden import assert_golden
from support.sample_reports import everything

from seedbed.reports.github import PER_STEP, github_annotations

GOLDEN = Path(__file__).parent / "golden"
COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def read(output: str) -> list[tuple[str, dict[str, str], str]]:
    """Commands as actions/runner reads them: one per line, properties unescaped after splitting."""
    commands = []
    for line in output.splitlines():
        match = COMMAND.fullmatch(line)
        assert match is not None, f"the runner would not read {line!r}"
        pairs = dict(pair.split("=", 1) for pair in match[2].split(","))
        commands.append(
            (match[1], {name: unescape(value) for name, value in pairs.items()}, unescape(match[3]))
        )
    return commands


def unescape(text: str) -> str:
    for escaped, meant in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escaped, meant)
    return text


def test_golden() -> None:
    assert_golden(GOLDEN / "findings.github.txt", github_annotations(everything()))


def test_columns_are_left_out_when_lines_differ() -> None:
    spans = {properties["title"]: properties for _, properties, _ in read(github_annotations(everything()))}
    assert "col" not in spans["seedbed SB307"] and spans["seedbed SB307"]["endLine"] == "6"
    assert spans["seedbed SB107"]["col"] == "9"


def test_only_what_fails_is_an_error() -> None:
    levels = [(level, properties["title"]) for level, properties, _ in read(github_annotations(everything()))]
    assert ("error", "seedbed SB107") in levels and ("warning", "seedbed SB112") in levels
    assert not any("SB101" in title for _, title in levels)


def test_more_than_a_step_shows_are_counted() -> None:
    report = everything()
    many = [
        replace(report.findings[0], path=f"leaf{number % 4}/qna.yaml", value=str(number))
        for number in range(25)
    ]
    commands = read(github_annotations(replace(report, findings=tuple(many))))
    assert len(commands) == PER_STEP
    assert commands[-1][2].startswith("16 more of this kind")
    assert {properties["file"] for _, properties, _ in commands[:4]} == {
        f"leaf{n}/qna.yaml" for n in range(4)
    }


@given(st.text(st.characters(), min_size=1, max_size=40))
def test_hostile_text_never_becomes_a_command(text: str) -> None:
    report = everything()
    hostile = replace(report.findings[0], path=text, message=text, help=text)
    ((level, properties, _),) = read(github_annotations(replace(report, findings=(hostile,))))
    assert level == "error"
    assert set(properties) == {"title", "file", "line", "endLine", "col", "endColumn"}
