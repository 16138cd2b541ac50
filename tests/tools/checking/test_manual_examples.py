"""The examples in the rules' manual pages, put into a leaf and checked: the failing one fails, the passing one does not."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from support.leaves_under_check import KNOWLEDGE_PATH, PATH, check_leaf, knowledge
from support.repositories import ATTRIBUTION, SKILL

from seedbed.checking.rules import RULES, Rule

HEAD, FIRST, REST = re.split(r"(  - question: What is the capital of France\?\n    answer: Paris\n)", SKILL)
_BLOCK = r"\n+((?:    .*\n|\n)+)"
_FILE = "SB108"  # its examples are whole files
_ELSEWHERE = {"SB211", "SB702"}  # their examples are an attribution and a policy
_PATHS = {"SB201", "SB202", "SB203", "SB206"}


def example(rule: Rule, words: str) -> str | None:
    """The indented lines below `Fails:` or `Passes:`, if the page has such."""
    found = re.search(rf"^(?:{words}):[ ]*{_BLOCK}", rule.manual, re.MULTILINE)
    return None if found is None else textwrap.dedent(found[1]).strip("\n") + "\n"


def inside_a_leaf(shown: str) -> tuple[str, str]:
    """A leaf that is sound but for the lines of the example, and its path."""
    key = re.match(r"(?:- )?([\w<]+):", shown)
    assert key is not None, shown
    name = key[1]
    if name in ("document", "commit", "patterns"):
        lines = textwrap.dedent(shown.removeprefix("document:\n"))
        if name == "commit":
            lines = f"repo: https://example.org/sea/tides.git\n{lines}patterns: [tides.md]"
        return knowledge(lines), KNOWLEDGE_PATH
    if shown.startswith("- "):
        return HEAD + textwrap.indent(shown, "  ") + REST, PATH
    if name in ("question", "answer", "<<"):
        partner = {"question": "answer: Paris\n", "answer": "question: What is it?\n"}.get(name, "")
        lines = shown if re.search(f"^{partner.split(':')[0]}:", shown, re.MULTILINE) else partner + shown
        lines = f"question: What is it?\nanswer: Paris\n{shown}" if name == "<<" else lines
        return HEAD + "  - " + textwrap.indent(lines, "    ").lstrip() + REST, PATH
    before = re.sub(r"^seed_examples:\n", "", HEAD, flags=re.MULTILINE)
    if name == "seed_examples":
        more = textwrap.indent(textwrap.dedent(FIRST + REST), "  ") if "\n  - " in shown else ""
        return before + shown + more, PATH
    wanted = "task_description" if name == "task_descripton" else name
    return re.sub(rf"^{wanted}:.*\n", lambda _: shown, SKILL, count=1, flags=re.MULTILINE), PATH


SHOWN = [rule for rule in RULES if example(rule, "Fails|Warns|Hints") and rule.code not in _ELSEWHERE]


def codes(folder: Path, text: str, path: str) -> set[str]:
    attribution = ATTRIBUTION
    return {finding.code for finding in check_leaf(folder, text, path=path, attribution=attribution)}


@pytest.mark.parametrize("rule", SHOWN, ids=lambda rule: rule.code)
def test_the_failing_example_has_this_fault_and_the_passing_one_has_not(rule: Rule, tmp_path: Path) -> None:
    wrong, right = example(rule, "Fails|Warns|Hints"), example(rule, "Passes")
    assert wrong is not None
    text, path = (wrong, PATH) if rule.code == _FILE else inside_a_leaf(wrong)
    assert rule.code in codes(tmp_path / "wrong", text, path)
    if right is not None:
        text, path = (right, PATH) if rule.code == _FILE else inside_a_leaf(right)
        assert rule.code not in codes(tmp_path / "right", text, path)


def test_enough_examples_are_found() -> None:
    assert len(SHOWN) >= 20


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.code in _PATHS], ids=lambda rule: rule.code)
def test_the_paths_of_a_page_are_judged_as_it_says(rule: Rule, tmp_path: Path) -> None:
    for words, wanted in (("Fails|Warns", True), ("Passes", False)):
        line = re.search(rf"^(?:{words}): (.+)$", rule.manual, re.MULTILINE)
        assert line is not None
        for number, path in enumerate(re.findall("`([^`]+)`", line[1])):
            full = f"taxonomy/{path.removeprefix('taxonomy/')}"
            assert (rule.code in codes(tmp_path / f"{wanted}{number}", SKILL, full)) is wanted, path
