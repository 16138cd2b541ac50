"""Previews of hostile leaves and hostile models, in every form."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.golden import assert_golden
from support.sample_previews import HOSTILE as HOSTILE_EVERYWHERE
from support.sample_previews import full_preview, hostile_preview

from seedbed.errors import UsageError
from seedbed.generation.funnel import Funnel, Loss
from seedbed.generation.preview import LeafPreview, Preview, StudentAnswer, compared
from seedbed.generation.preview_differences import read_earlier
from seedbed.generation.sample import Provenance, Sample, Stage
from seedbed.reports.funnel import funnel_line
from seedbed.reports.preview_json import preview_json
from seedbed.reports.preview_markdown import COMMENT_LIMIT, preview_markdown
from seedbed.reports.preview_text import preview_text
from seedbed.teacher.teacher import Message, TeacherIdentity

HOSTILE = (
    "\x1b[2J\u202eevil ``` ~~~ </details> <script>x</script> @everyone [a](http://b) ::error::x |\r\n# big"
)


def sample(question: str, answer: str) -> Sample:
    made = Provenance("b", "d", TeacherIdentity("openai", "m", "r"), 0, {})
    messages = (Message("user", question), Message("assistant", answer))
    return Sample("compositional_skills/x", Stage.COMPOSITIONAL, messages, False, made)


def leaf(text: str = "plain", name: str = "compositional_skills/x") -> LeafPreview:
    return LeafPreview(
        name,
        "taxonomy/compositional_skills/x/qna.yaml",
        "added",
        samples=(sample(text, text), sample(f"{text} again", text)),
        funnels={Stage.COMPOSITIONAL: Funnel(6, 2, 1, {Loss.SEED_COPY: 3, Loss.ANSWERS_DIFFER: 1})},
        seed_copies=((text, text),),
        student_answers=(StudentAnswer(text, "yes", "Yes."), StudentAnswer(text, "yes", text)),
        teacher_tokens=1234,
        seconds=1.5,
    )


def preview(*leaves: LeafPreview) -> Preview:
    return Preview("a" * 40, "b" * 40, "--base main", "m@r (openai)", "s@r (transformers)", "lab", leaves)


def test_a_funnel_in_words() -> None:
    funnel = Funnel(1200, 2, 1, {Loss.SEED_COPY: 3, Loss.ANSWERS_DIFFER: 1})
    assert (
        funnel_line(funnel) == "1,200 asked, 2 kept (1 held out); 3 copy of a seed, 1 second answer differs"
    )
    assert funnel_line(Funnel(1, 1)) == "1 asked, 1 kept"


def test_text() -> None:
    shown = preview_text(preview(leaf()))
    assert "compositional_skills/x (added)" in shown
    assert "The student knows a part of this (1 of 2 questions answered as the leaf does)." in shown
    assert "compositional: 6 asked, 2 kept (1 held out)" in shown
    assert "1,234 teacher tokens" in shown


def test_a_terminal_is_never_commanded() -> None:
    shown = preview_text(preview(leaf(HOSTILE, f"compositional_skills/{HOSTILE}")))
    assert "\x1b" not in shown and "\u202e" not in shown and "\r" not in shown


def test_markdown_holds_hostile_text_inside_its_blocks() -> None:
    shown = preview_markdown(preview(leaf(HOSTILE, f"compositional_skills/{HOSTILE}")))
    outside = re.sub(r"^(`{3,})text\n.*?^\1$", "", shown, flags=re.MULTILINE | re.DOTALL)
    assert outside.count("<details>") == outside.count("</details>") == 1
    assert (
        "<script>" not in outside
        and "@everyone" not in outside
        and "<!--" not in outside
        and "](http" not in outside
    )
    assert "\x1b" not in shown and "\u202e" not in shown
    assert not re.search(r"^::", shown, re.MULTILINE)


@pytest.mark.parametrize("count", [1, 40, 800])
def test_markdown_fits_into_one_comment(count: int) -> None:
    long = [leaf("word " * 700, f"compositional_skills/leaf_{number}") for number in range(count)]
    shown = preview_markdown(
        replace(preview(*long), removed=tuple(f"knowledge/gone_{n}" for n in range(count)))
    )
    assert len(shown) <= COMMENT_LIMIT
    if count == 800:
        assert re.search(r"\d+ more leaves do not fit here", shown)


def test_json_is_ascii_and_whole() -> None:
    shown = preview_json(preview(leaf(HOSTILE)))
    assert shown.isascii()
    document = json.loads(shown)
    assert document["version"] == 1
    assert document["leaves"][0]["samples"][0]["messages"][0]["content"] == HOSTILE
    assert document["leaves"][0]["student"][0]["right"] is True
    assert document["leaves"][0]["funnels"]["compositional"]["lost"] == {
        "copy of a seed": 3,
        "second answer differs": 1,
    }


@pytest.mark.parametrize(("report", "name"), [(preview_markdown, "md"), (preview_text, "txt")])
def test_reports_are_as_a_person_last_saw_them(report: Callable[[Preview], str], name: str) -> None:
    assert_golden(Path(__file__).parent / "golden" / f"preview.{name}", report(full_preview()))


def test_markdown_makes_nothing_of_a_strangers_text() -> None:
    from markdown_it import MarkdownIt

    def active(text: str) -> list[str]:
        tokens = (
            MarkdownIt("commonmark", {"html": True})
            .enable(["table"])
            .parse(preview_markdown(hostile_preview(text)))
        )
        flat = [inner for token in tokens for inner in (token, *(token.children or ()))]
        return [
            token.content
            for token in flat
            if token.type in ("link_open", "image", "html_inline", "html_block")
        ]

    shown = preview_markdown(hostile_preview())
    assert "\x1b" not in preview_text(hostile_preview()) and "\u202e" not in preview_text(hostile_preview())
    assert len(active(HOSTILE_EVERYWHERE)) == len(active("plain"))
    assert all("<script" not in html and "<img" not in html for html in active(HOSTILE_EVERYWHERE))
    outside = re.sub(r"^(`{3,})text\n.*?^\1$", "", shown, flags=re.MULTILINE | re.DOTALL)
    assert "@everyone" not in outside and "<!--" not in outside and "http:" not in outside


def test_an_earlier_preview_is_read_back(tmp_path: Path) -> None:
    file = tmp_path / "earlier.json"
    file.write_text(preview_json(full_preview()))
    earlier = read_earlier(file)
    assert earlier.head == full_preview().head
    again = compared(full_preview(), earlier)
    since = again.leaves[0].since
    assert since is not None and (since.new, since.gone, since.unchanged) == (frozenset(), (), 3)
    assert (
        json.loads(preview_json(full_preview()))["leaves"][0]["since"]["gone"][0]["answer"] == "Twelve metres"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"version": 2}',
        '{"version": 1, "head": 3, "leaves": []}',
        "[" * 100_000,
        '"\\ud800"',
        '{"version": 1, "head": null, "leaves": [{"name": "a", "samples": [{"stage": "s", "messages": []}]}]}',
    ],
)
def test_what_is_no_preview_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "earlier.json"
    file.write_text(text)
    with pytest.raises(UsageError, match="is not a preview of version 1"):
        read_earlier(file)
    with pytest.raises(UsageError, match="cannot be read"):
        read_earlier(tmp_path / "absent.json")


def test_nothing_to_show() -> None:
    assert "nothing to preview" in preview_text(preview())
    assert "No leaf was added or edited" in preview_markdown(preview())


def test_the_verdict_says_what_to_conclude() -> None:
    def verdict(*answers: StudentAnswer) -> str:
        return replace(leaf(), student_answers=answers).verdict

    right, wrong = StudentAnswer("q", "yes", "Yes."), StudentAnswer("q", "yes", "no")
    assert verdict() == ""
    assert verdict(right, right, right, right, wrong).startswith("The student knows this already (4 of 5")
    assert verdict(right, wrong).startswith("The student knows a part of this (1 of 2")
    assert verdict(wrong, wrong).startswith("The student does not know this yet (0 of 2")
    assert "read the student's own" in verdict(StudentAnswer("q", "word " * 30, "words"))


@pytest.mark.parametrize("report", [preview_text, preview_markdown, preview_json])
def test_leaves_beyond_the_limit_are_counted_and_named(report: Callable[[Preview], str]) -> None:
    shown = report(replace(preview(leaf()), left_out=("knowledge/left", f"knowledge/{HOSTILE}")))
    assert "knowledge/left" in shown
    assert report is preview_json or "2 leaves" in shown
    assert "\x1b" not in shown
    assert report is not preview_markdown or "<script>" not in shown


def test_names_are_shown_as_they_are_where_no_markdown_is_read() -> None:
    from markdown_it import MarkdownIt

    named = leaf("plain", "compositional_skills/a_b*c*")
    long = [replace(leaf("word " * 700), name=f"compositional_skills/n_{n}_m") for n in range(80)]
    for shown, names in ((preview(named), [named]), (preview(*long), long)):
        page = html.unescape(MarkdownIt("commonmark").render(preview_markdown(shown)))
        for one in names:
            assert one.name in page, page[:2000]
        assert "<em>" not in page and "a\\_b" not in page
