"""Prose on a terminal: within its width, nothing lost, and what is to be copied in one piece."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from support.sample_reports import everything

from seedbed.reports.source_excerpt import display_width
from seedbed.reports.text import findings_text
from seedbed.reports.wrapping import NARROWEST, wrapped

WORDS = st.lists(st.text(st.sampled_from("abç漢🌊é"), min_size=1, max_size=12), max_size=30)


@given(WORDS, st.integers(1, 120), st.integers(0, 12))
def test_no_line_is_wider_and_no_word_is_lost(words: list[str], width: int, indent: int) -> None:
    lines = wrapped(" ".join(words), width, first="= ", rest=" " * indent)
    assert " ".join(lines).split()[1:] == words
    assert all(display_width(line) <= max(width, NARROWEST) for line in lines)
    assert all(line.startswith(" " * indent) for line in lines[1:])


def test_wide_characters_count_twice() -> None:
    assert wrapped("漢字漢字 " * 5, 40) == ["漢字漢字 漢字漢字 漢字漢字 漢字漢字", "漢字漢字"]


def test_what_is_copied_stays_whole() -> None:
    def lines(text: str) -> list[str]:
        return wrapped(text, 40)

    quoted = "`seedbed check --base origin/main --format json`"
    assert f"{quoted}," in lines(f"Look at it first with {quoted}, then mend what it says there")
    lines_of_keys = lines(
        "add `a/attribution.txt`: write `Title of work:`, `License of the work:` and `Creator names:`"
    )
    assert all(line.count("`") % 2 == 0 for line in lines_of_keys) and len(lines_of_keys) == 3
    assert lines("say `a b`/`c d` twice") == ["say `a b`/`c d` twice"]
    command = "git fetch --unshallow origin --filter=blob:none"
    assert lines(f"{command} (in CI: actions/checkout with depth 0)")[0] == command
    assert f"{command}; then" in " ".join(lines(f"run {command}; then again"))
    assert command in "\n".join(lines(f"the history is cut off: {command}; then check again"))
    path = "taxonomy/compositional_skills/a-very-long-folder/qna.yaml"
    assert path in lines(f"there is no leaf at or under {path} in here")


def test_a_report_fits_into_its_terminal() -> None:
    long = replace(
        everything(),
        findings=tuple(
            replace(
                finding, message="what was found is too long to stand in one line " * 3, help="mend it " * 20
            )
            for finding in everything().findings
        ),
        sources={},
    )
    told = findings_text(long, width=60)
    prose = [line for line in told.splitlines() if "too long" in line or "mend it" in line]
    assert len(prose) > len(long.findings)
    assert all(display_width(line) <= 60 for line in prose)
    assert max(map(display_width, findings_text(long).splitlines())) > 100
