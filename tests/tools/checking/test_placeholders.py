"""A leaf that is still to be filled in: each of its files has one finding, which always fails, and nothing echoes it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.leaves_under_check import (
    BESIDE,
    KNOWLEDGE_PATH,
    PATH,
    check_change,
    check_files,
    check_leaf,
    skill,
)
from support.repositories import ATTRIBUTION, RepositoryBuilder

from seedbed.checking.check import check
from seedbed.checking.finding import Status
from seedbed.config import CheckSettings, IgnoredFindings, Settings
from seedbed.reports.findings import REPORTS
from seedbed.reports.text import findings_text
from seedbed.taxonomy.leaf import Kind
from seedbed.taxonomy.new_leaf import new_leaf_files
from seedbed.taxonomy.repository import Repository

PARIS, OSLO, TODO = "answer: Paris", "answer: Oslo", "answer: 'TODO: one'"


def template(kind: Kind, folder: str) -> dict[str, str | bytes]:
    return {f"{folder}/{name}": text for name, text in new_leaf_files(kind, schema=None).items()}


@pytest.mark.parametrize(
    ("kind", "folder", "places", "lines"),
    [
        (Kind.FREEFORM, "taxonomy/foundational_skills/a/b", 12, "2, 3 and 5 to 14"),
        (Kind.GROUNDED, "taxonomy/compositional_skills/a/b", 17, "2, 3 and 5 to 19"),
        (Kind.KNOWLEDGE, "taxonomy/knowledge/a/b", 39, "2 to 4, 8, 10, 12 to 18, 20 to 26, 28 to 34, 36 to 42 and 44 to 49"),
    ],
)  # fmt: skip
def test_a_template_has_a_finding_for_each_of_its_files(
    tmp_path: Path, kind: Kind, folder: str, places: int, lines: str
) -> None:
    report = check_files(tmp_path, template(kind, folder))
    assert report.failed
    beside, leaf = report.findings
    assert leaf.message.startswith(f"{places} placeholders are still here, in lines {lines}; ")
    assert len({leaf.span, *(one.span for one in leaf.related)}) == places
    assert beside.message == "4 placeholders are still in the attribution, in lines 1, 2, 4 and 5"
    assert {beside.path, leaf.path} == {f"{folder}/attribution.txt", f"{folder}/qna.yaml"}


def test_a_report_for_people_shows_the_first_place_and_one_for_machines_all(tmp_path: Path) -> None:
    report = check_files(tmp_path, template(Kind.FREEFORM, "taxonomy/foundational_skills/a/b"))
    for shown in (findings_text(report), REPORTS["markdown"](report, documentation_url=None)):
        assert shown.count("TODO") == 2 and "-----" not in shown
    for form, words in (("sarif", '"text": "here too"'), ("rdjson", '"message": "here too"')):
        assert REPORTS[form](report, documentation_url=None).count(words) == 11 + 3, form


def test_two_templates_do_not_ask_the_same_question(tmp_path: Path) -> None:
    one = template(Kind.FREEFORM, "taxonomy/foundational_skills/a/b")
    other = template(Kind.FREEFORM, "taxonomy/foundational_skills/c/d")
    assert [finding.code for finding in check_files(tmp_path, {**one, **other}).findings] == ["SB301"] * 4


def test_the_same_word_everywhere_is_one_fault(tmp_path: Path) -> None:
    text = new_leaf_files(Kind.GROUNDED, schema=None)["qna.yaml"]
    bare = "\n".join(line.partition('"')[0] + "TODO" if '"' in line else line for line in text.splitlines())
    assert [finding.code for finding in check_leaf(tmp_path, bare + "\n")] == ["SB301"]


def test_what_is_filled_in_is_judged_and_the_rest_is_not(tmp_path: Path) -> None:
    text = new_leaf_files(Kind.KNOWLEDGE, schema=None, author="robin", task="Berths")["qna.yaml"]
    for old, new in (
        ("TODO: the field, such as seamanship", "harbours"),
        ("TODO: the name of the Markdown file", "harbour.md"),
        ("TODO: passage 1, copied from the document", "The old crane is green."),
        ("TODO: question 1.1, which the passage answers", "Which colour has the old crane?"),
        ("TODO: answer 1.1", "Which colour has the old crane?"),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    beside = "taxonomy/knowledge/harbours/velm"
    files = {
        KNOWLEDGE_PATH: text,
        f"{beside}/harbour.md": "The old crane is blue, and kept by Bram.\n",
        f"{beside}/attribution.txt": ATTRIBUTION,
    }
    found = [
        (finding.code, finding.yaml_path)
        for finding in check_files(tmp_path, files).findings
        if finding.code != "SB301"
    ]
    first = ("seed_examples", 0)
    pair = (*first, "questions_and_answers", 0)
    assert found == [("SB405", (*first, "context")), ("SB303", (*pair, "answer"))]


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        ((TODO, TODO), (TODO, TODO), Status.ALREADY_THERE),
        ((TODO, TODO), (TODO, OSLO), Status.ALREADY_THERE),
        ((TODO, OSLO), (TODO, TODO), Status.INTRODUCED),
        ((TODO, OSLO), ("answer: 'TODO: another'", OSLO), Status.INTRODUCED),
        ((TODO, "answer: 'TODO: two'"), (PARIS, "answer: 'TODO: two'"), Status.ALREADY_THERE),
    ],
)
def test_a_change_that_adds_a_placeholder_fails_and_one_that_fills_some_in_does_not(
    tmp_path: Path, before: tuple[str, str], after: tuple[str, str], status: Status
) -> None:
    def leaf(answers: tuple[str, str]) -> str:
        return skill(PARIS, answers[0]).replace(OSLO, answers[1])

    report = check_change(
        tmp_path, {PATH: leaf(before), BESIDE: ATTRIBUTION}, {PATH: leaf(after) + "# later\n"}
    )
    (finding,) = [one for one in report.findings if one.status is not Status.HEALED]
    assert (finding.code, finding.status) == ("SB301", status)
    assert report.failed == (status is Status.INTRODUCED)


def test_where_placeholders_are_allowed_they_are_texts_like_others(tmp_path: Path) -> None:
    """A repository about lists of things to do may take `TODO` for a word; then what else is wrong is told."""
    text = skill(PARIS, "answer: TODO list").replace("What is the capital of France?", "TODO list")
    commit = RepositoryBuilder(tmp_path).commit_files({PATH: text, BESIDE: ATTRIBUTION})
    ignore = IgnoredFindings(("SB301",), (PATH,), "a leaf about lists")
    settings = Settings(check=CheckSettings(ignore=(ignore,)))
    found = check(Repository.open(tmp_path), settings, base=None, head=commit).findings
    assert [finding.code for finding in found] == ["SB303"]
