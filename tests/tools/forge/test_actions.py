"""What is said on a pull request, against what a person read and found right; and what a stranger cannot make it say."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from support.golden import assert_golden
from support.naughty_strings import NAUGHTY
from support.pull_requests import (
    ASKED_TWICE,
    CLEAR,
    FAILING,
    HEAD,
    MISSPELT,
    NEWER,
    NOW,
    PATH,
    RIVERS,
    RUN,
    body_of,
    cases,
    checked,
    hostile,
    hostile_run,
    hostile_shown,
    pull_request,
    review,
    shown_preview,
)
from support.sample_previews import HOSTILE
from support.shown_safely import runner_commands

from seedbed.checking.verdict import Verdict
from seedbed.forge.actions import AddLabels, Assign, RemoveLabel, WriteComment, actions_of, describe
from seedbed.forge.comment import CHECK_LIMIT, length
from seedbed.forge.facts import CheckRun, Facts, OwnComment, Owners, PreviewRun
from seedbed.forge.labels import OURS
from seedbed.forge.outcome import Outcome
from seedbed.forge.sections import Section, Sections
from seedbed.reports.escape import is_hostile
from seedbed.reports.markdown import COMMENT_LIMIT
from seedbed.teacher.teacher import Message

GOLDEN = Path(__file__).parent / "golden"
_LINKED = re.compile(
    r"(?:https?|ftp|mailto|xmpp):(?!//forge\.example)|www\.|(?<![\w`])@\w|#\d|\bgh-\d", re.IGNORECASE
)
_OWN_HTML = re.compile(
    r"<!-- seedbed:comment:v1 \{[^<>]*\} -->|<sub>Commit [0-9a-f]{40}, .*|<sub>Preview of .*|<sub>[\d.]+ s\. .*|</?sub>|"
    r"<details><summary>[\w ,]+</summary>|</?details>|<summary>[^<>]*</summary>|<p>[^<>]*</p>|<br>.*"
)
_MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@pytest.mark.parametrize("name", cases())
def test_what_is_done(name: str) -> None:
    assert_golden(GOLDEN / f"{name}.txt", describe(actions_of(cases()[name])))


def assert_harmless(body: str) -> None:
    """As CommonMark reads it: no HTML, image, link or mention but ours, and our headings alone."""
    assert length(body) <= COMMENT_LIMIT
    assert not {character for character in body if is_hostile(character) and character != "\n"}
    assert runner_commands(body) == []
    for token in _MARKDOWN.parse(body):
        assert token.type not in ("code_block", "blockquote_open"), token
        if token.type == "html_block":
            lines = [line for line in token.content.splitlines() if line]
            assert all(map(_OWN_HTML.fullmatch, lines)), token.content
        if token.type == "fence":
            assert token.info in ("text", "sh")
        if token.type == "heading_open":
            assert token.markup == "###"
        for child in token.children or ():
            assert child.type != "image", child
            if child.type == "html_inline":
                assert child.content in ("<sub>", "</sub>", "<br>"), child.content
            if child.type == "link_open":
                assert child.attrGet("href") == RUN
            if child.type == "text":
                assert not _LINKED.search(child.content), child.content


@pytest.mark.parametrize(
    "text", [*NAUGHTY, HOSTILE, "<!-- seedbed:comment:v1 {} -->\n", "```\n# x\n", "a" * 90_000]
)
def test_a_stranger_s_text_does_nothing(text: str) -> None:
    for facts in (hostile(text), hostile_shown(text), hostile_run(text)):
        assert_harmless(body_of(facts))
        for action in actions_of(facts):
            if isinstance(action, AddLabels):
                assert set(action.names) <= OURS
            if isinstance(action, RemoveLabel):
                assert action.name in OURS
        assert runner_commands(describe(actions_of(facts)).replace(text, "")) == []


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("ab`~*_[]()<>!@#:|\\\n\r\t-=+.&$1/{}\u202e\x1b\U0001f30a "), max_size=60))
def test_no_text_does_anything(text: str) -> None:
    assert_harmless(body_of(hostile(text)))
    assert_harmless(body_of(hostile_shown(text)))


def test_a_stranger_s_text_cannot_move_the_border_between_the_parts() -> None:
    first = hostile('<!-- seedbed:comment:v1 {"check": null} -->\n---\n')
    before = Sections.read(body_of(first))
    preview = PreviewRun(HEAD, RUN, shown_preview())
    after = Sections.read(body_of(replace(first, run=preview, comment=OwnComment(1, before.write(), NOW))))
    assert after.check == before.check is not None
    assert after.preview is not None and "### What the teacher makes" in after.preview.text


def test_the_same_run_again_says_nothing() -> None:
    facts = checked(CLEAR)
    again = replace(
        facts,
        now=NOW.replace(hour=23),
        comment=OwnComment(5, body_of(facts), NOW),
        pull_request=pull_request(
            labels=frozenset(n for a in actions_of(facts) if isinstance(a, AddLabels) for n in a.names),
            assignees=frozenset({"ada"}),
        ),
    )
    assert actions_of(again) == ()


@pytest.mark.parametrize("changed", [{"head": NEWER}, {"open": False}])
def test_nothing_is_said_of_a_commit_that_is_not_the_head_or_after_the_end(
    changed: dict[str, object],
) -> None:
    assert actions_of(checked(FAILING, pull_request=pull_request(**changed))) == ()


@pytest.mark.parametrize(
    "conclusion", ["success", "cancelled", "skipped", "stale", "neutral", "action_required"]
)
def test_a_queue_that_is_put_together_anew_says_nothing(conclusion: str) -> None:
    """It takes pull requests out and checks the others again: what was known of this one still holds."""
    run = CheckRun(HEAD, conclusion, RUN, None, "it left no report", queue=True)
    assert actions_of(checked(CLEAR, run=run)) == ()
    broke = replace(run, conclusion="timed_out")
    assert "did not come to an end" in body_of(checked(CLEAR, run=broke))


def test_a_robot_that_changes_no_leaf_is_not_spoken_to() -> None:
    no_leaf, robot = replace(CLEAR, leaves=()), pull_request(author="dependabot[bot]")
    silent = actions_of(checked(no_leaf, pull_request=robot))
    assert not [action for action in silent if isinstance(action, WriteComment)]
    assert "no leaf differs" in body_of(checked(no_leaf)), "a person may have meant one"
    failing = body_of(checked(FAILING, pull_request=robot))
    assert "1 leaf needs a change" in failing
    spoken = OwnComment(5, failing, NOW)
    assert "no leaf differs" in body_of(checked(no_leaf, pull_request=robot, comment=spoken)), (
        "not true any more"
    )


def test_help_that_is_a_command_can_be_copied_and_a_file_s_mode_shows_no_line() -> None:
    command = f"git update-index --chmod=-x {PATH}"
    executable = replace(MISSPELT, code="SB205", line=1, help=command, safe_fix=False)
    body = body_of(checked(replace(FAILING, findings=(executable,))))
    assert f"Help: `{command}`.\n" in body
    assert f"**error SB205** at `{PATH}`  \n" in body and "task_descriptoin:" not in body


def test_of_many_leaves_those_that_need_nothing_are_counted_where_others_fail() -> None:
    verdicts = [Verdict.FAIL, Verdict.WARN, *[Verdict.PASS] * 9, Verdict.REMOVED]
    leaves = tuple(
        replace(RIVERS, path=f"t/r{number:02}/qna.yaml", name=f"r{number:02}", verdict=verdict, neighbours=())
        for number, verdict in enumerate(verdicts)
    )
    findings = tuple(
        replace(finding, path=leaf.path)
        for finding, leaf in zip((MISSPELT, ASKED_TWICE), leaves, strict=False)
    )
    failing = replace(FAILING, leaves=leaves, findings=findings)
    lines = [line for line in body_of(checked(failing)).splitlines() if line.startswith("- ")]
    assert [line for line in lines if "[" not in line] == [
        "- `r00` (new, freeform) fails: 1 error",
        "- `r01` (new, freeform) passes, with 1 warning",
        "- 10 others pass or are removed",
    ]
    clear = replace(failing, failed=False, leaves=leaves[1:], findings=findings[1:])
    assert sum(line.startswith("- `") for line in body_of(checked(clear)).splitlines()) == 11
    few = replace(failing, leaves=leaves[:10])
    assert sum(line.startswith("- `") for line in body_of(checked(few)).splitlines()) == 10


def test_labels_of_people_are_never_touched() -> None:
    mine = frozenset({"good first leaf", "preview", "needs-author", "leaf: edited"})
    actions = actions_of(checked(CLEAR, pull_request=pull_request(labels=mine)))
    assert [action.name for action in actions if isinstance(action, RemoveLabel)] == [
        "leaf: edited",
        "needs-author",
    ]


def test_without_a_report_what_is_known_of_the_leaves_stays() -> None:
    there = frozenset({"leaf: new", "kind: freeform", "needs-author"})
    actions = actions_of(checked(None, pull_request=pull_request(labels=there)))
    assert [a for a in actions if not isinstance(a, WriteComment | Assign)] == [
        AddLabels(("needs-maintainer",)),
        RemoveLabel("needs-author"),
    ]


def test_nobody_is_assigned_to_their_own_pull_request() -> None:
    facts = checked(
        CLEAR,
        owners=Owners(("Robin", "ada", "grace")),
        pull_request=pull_request(assignees=frozenset({"ADA"})),
    )
    assert [action for action in actions_of(facts) if isinstance(action, Assign)] == [Assign(("grace",))]


def test_a_request_for_changes_is_answered_by_a_push() -> None:
    reviews = review("CHANGES_REQUESTED", commit=NEWER)
    [labels] = [
        action
        for action in actions_of(checked(CLEAR, pull_request=pull_request(reviews=reviews)))
        if isinstance(action, AddLabels)
    ]
    assert "needs-maintainer" in labels.names


def test_the_longest_check_and_the_longest_preview_fit_into_one_comment() -> None:
    check = body_of(cases()["many_leaves"])
    assert length(check) <= CHECK_LIMIT + 500
    preview = shown_preview()
    [leaf] = preview.leaves
    short, wide, escaped = "x" * 1_400, "\U0001f30a" * 1_400, "@" * 1_400
    for text, most in ((short, 40), (wide, 1_000), (escaped, 40)):
        samples = tuple(
            replace(one, messages=(Message("user", text), Message("assistant", text))) for one in leaf.samples
        )
        for leaves in (3, most):
            names = tuple(replace(leaf, samples=samples, name=f"{number}{text}") for number in range(leaves))
            long = replace(
                preview, leaves=names, removed=(text,) * 60, left_out=(text,) * 60, teacher=text * 9
            )
            facts = Facts(
                pull_request(), NOW, PreviewRun(HEAD, RUN, long), Owners(), OwnComment(1, check, NOW)
            )
            assert COMMENT_LIMIT // 2 < length(body_of(facts)) <= COMMENT_LIMIT


OUTCOME = Outcome("success", RUN, False, skills=1, next="maintainer", since="2026-11-21T09:30:00+00:00")
SECTIONS = Sections("where it stands\n", Section(HEAD, "one 🌊\n", OUTCOME), Section(NEWER, "two\n"))


def test_sections_read_what_they_wrote() -> None:
    assert Sections.read(SECTIONS.write()) == SECTIONS
    assert Sections.read(SECTIONS.write().replace("\n", "\r\n")) == SECTIONS


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("one", "One"),
        ("two", "Two"),
        ('"length": 6', '"length": -6'),
        ('"skills": 1', '"skills": 2'),
        ('"skills": 1', '"skills": "1"'),
        ('"skills": 1', '"evil": 1'),
        ('"since": "2026', '"since": "x'),
        ('"standing": 16', '"standing": 15'),
        (HEAD, "main"),
        ("{", "["),
    ],
)
def test_a_part_that_somebody_edited_is_not_kept(before: str, after: str) -> None:
    read = Sections.read(SECTIONS.write().replace(before, after, 1))
    assert read != SECTIONS
    assert read.check in (None, SECTIONS.check) and read.preview in (None, SECTIONS.preview)


def test_a_run_that_failed_and_reports_no_error_is_not_called_clear() -> None:
    lying = checked(CLEAR, "failure")
    assert isinstance(lying.run, CheckRun) and "all clear" not in body_of(lying)
