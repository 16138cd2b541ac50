"""The page of a preview: what it says, and that nobody's text can become more than text in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.browser import BROWSER, loaded_page
from support.golden import assert_golden
from support.html_tags import Tags
from support.sample_previews import HOSTILE, full_preview, hostile_preview

from seedbed.generation.preview import Preview
from seedbed.reports.exchange_html import TEXT_LIMIT
from seedbed.reports.html_writing import element
from seedbed.reports.preview_html import preview_html

GOLDEN = Path(__file__).parent / "golden" / "preview.html"
NEVER = {
    "script",
    "img",
    "iframe",
    "object",
    "embed",
    "link",
    "base",
    "form",
    "input",
    "button",
    "math",
    "template",
}


def test_the_page_is_as_a_person_last_saw_it() -> None:
    assert_golden(GOLDEN, preview_html(full_preview()))


def test_the_page_is_whole_in_itself() -> None:
    page = preview_html(full_preview())
    tags = Tags(page).tags
    assert not {tag for tag, _ in tags} & NEVER
    assert all(not key.startswith("on") and key not in ("src", "style") for _, found in tags for key in found)
    assert all((found.get("href") or "#").startswith("#") for _, found in tags)
    [policy] = [
        found["content"] for tag, found in tags if found.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy is not None and policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "url(" not in page and "@import" not in page


def test_everything_is_said() -> None:
    said = "".join(Tags(preview_html(full_preview())).said)
    for words in (
        "Who keeps the north pier?",
        "First call Bram.\n\nThen wait.",
        "answer judged wrongknowledge short",
        "In 1911.",
        "The harbour master.",
        "Since the last preview: 2 new, 1 gone, 1 unchanged.",
        "Twelve metres",
        "velm.md, lines 5 to 7 · attempt 3 · temperature 0.7 · grounded 0.98 · pair 3",
        "11 attempts, 6 kept, 1 of them held out",
        "the teacher answered 1 of 4 of its seeds rightly",
        "knowledge/old/leaf",
        "knowledge/one/too_many",
    ):
        assert words in said, words


def test_a_strangers_text_changes_no_tag() -> None:
    plain, hostile = Tags(preview_html(hostile_preview("plain"))), Tags(preview_html(hostile_preview()))
    assert hostile.shape == plain.shape
    assert "<script>document.title='pwned'</script>" in "".join(hostile.said)
    page = preview_html(hostile_preview())
    assert "\x1b" not in page and "\u202e" not in page and "\u200b" not in page and "##[" not in page
    assert not re.search(r"^\s*::", page, re.MULTILINE)


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=())))
def test_text_stays_text_whatever_it_is(text: str) -> None:
    markup = element("p", text, title=text)
    assert Tags(markup).shape == ["p"] and markup.count("<") == 2
    markup.encode()


def test_long_text_is_cut_and_counted() -> None:
    page = preview_html(hostile_preview("word " * (TEXT_LIMIT // 5 + 40)))
    assert "… and 200 more characters" in page


def test_nothing_to_show() -> None:
    assert "No leaf was added or edited." in preview_html(Preview("a", None, "r", "", None, "lab", ()))


@pytest.mark.skipif(BROWSER is None, reason="no Chromium here: apt-get install chromium")
def test_no_script_runs_in_a_real_browser(tmp_path: Path) -> None:
    control, page = tmp_path / "control.html", tmp_path / "preview.html"
    control.write_text(f"<title>calm</title>{HOSTILE.partition('<img')[0]}", encoding="utf-8")
    assert "<title>pwned</title>" in loaded_page(control, tmp_path / "profile"), (
        "the browser runs no script at all"
    )
    page.write_text(preview_html(hostile_preview()), encoding="utf-8")
    document = loaded_page(page, tmp_path / "profile")
    assert "<title>Preview of 1 leaf</title>" in document and "&lt;script&gt;" in document
    assert not set(Tags(document).shape) & NEVER
