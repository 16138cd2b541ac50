"""Nothing hostile survives escaping, and nothing harmless is changed."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seedbed.reports.escape import (
    github_data,
    github_property,
    is_hostile,
    markdown_fence,
    markdown_inline,
    terminal_text,
)

TEXT = st.text(st.characters(), max_size=60)


@given(TEXT)
@example("\x1b]52;c;aGk=\x07")
@example("a\u202eb")
@example("\ud800")
def test_terminal_text_has_no_control(text: str) -> None:
    shown = terminal_text(text)
    assert not any(is_hostile(character) for character in shown)
    assert "\n" not in shown and "\r" not in shown


@pytest.mark.parametrize("text", ["plain", "Größe 東京 🏖️", "क्ष", "👩‍🔬"])
def test_terminal_text_leaves_scripts_and_emoji_alone(text: str) -> None:
    assert terminal_text(text) == text


@given(TEXT)
@example("x\r\n::error::y")
@example("%0A::stop-commands::z")
def test_a_workflow_command_stays_one_command(text: str) -> None:
    line = f"::error file={github_property(text)},line=1::{github_data(text)}"
    assert len(line.splitlines()) == 1
    properties = line.removeprefix("::error ").split("::", 1)[0]
    assert properties.count(",") == 1 and ":" not in properties


@given(TEXT)
@example("```\n# title\n```")
@example("`" * 20)
def test_a_fence_is_never_closed_from_inside(text: str) -> None:
    lines = markdown_fence(text, 500).split("\n")
    fence = lines[0].removesuffix("text")
    assert set(fence) == {"`"}
    assert [line for line in lines[1:] if re.fullmatch(rf"{fence}`*", line.strip())] == [fence]


def test_a_fence_counts_what_it_leaves_out() -> None:
    assert markdown_fence("x" * 1_600, 100).endswith("… and 1,500 more characters")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[click](https://evil.example)", r"\[click\]\(https&#8203;://evil.example\)"),
        ("@octocat see #12", r"@&#8203;octocat see \#&#8203;12"),
        ("<img src=x>", "&lt;img src=x&gt;"),
        ("- item\nnext", r"\- item next"),
        ("**bold** `code`", r"\*\*bold\*\* \`code\`"),
    ],
)
def test_markdown_inline_is_plain_words(text: str, shown: str) -> None:
    assert markdown_inline(text) == shown
