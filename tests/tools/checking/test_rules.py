"""Every rule on a leaf that breaks it and on one that does not, with the text that the finding points at."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.leaves_under_check import KNOWLEDGE_PATH, PATH, check_files, check_leaf, knowledge, skill
from support.repositories import ATTRIBUTION, SKILL

from seedbed.checking.finding import Finding
from seedbed.checking.rules import RULES, encoding, too_large
from seedbed.taxonomy.leaf import Span
from seedbed.taxonomy.read_leaf import FAULT_KINDS

REMOTE = "repo: https://example.org/sea/velm.git\ncommit: {}\npatterns:\n  - docs/*.md"
FULL = "0123456789abcdef0123456789abcdef01234567"


@dataclass(frozen=True)
class Case:
    """A leaf that breaks one rule, and what the finding marks in it."""

    code: str
    text: str | bytes
    marked: str
    path: str = PATH
    beside: dict[str, str] = field(default_factory=dict)


CASES = (
    Case(
        "SB101",
        skill("task_description: Name", "task_description: Name: the"),
        "Name: the the capital of a country.",
    ),
    Case("SB102", skill().replace("Lima", "L\x07ma"), "\x07"),
    Case("SB104", skill("answer: Paris", "answer: &a Paris"), "&a"),
    Case("SB105", skill("    answer: Paris\n", "    answer: Paris\n    answer: paris\n"), "answer"),
    Case("SB106", skill("    answer: Paris\n", "    answer: Paris\n    <<: x\n"), "<<"),
    Case("SB107", skill("answer: Oslo", "answer: no"), "no"),
    Case("SB108", "- question: Why?\n", "-"),
    Case("SB111", skill("task_description", "task_descripton"), "task_descripton"),
    Case("SB112", skill("    answer: Paris\n", "    answer: Paris\n    note: checked\n"), "note"),
    Case("SB113", skill("answer: Paris", "answer: [Paris]"), "[Paris]"),
    Case("SB114", skill("answer: Paris", "answer:"), "answer"),
    Case("SB115", SKILL[: SKILL.index("  - question: What is the capital of Kenya")], "seed_examples"),
    Case("SB117", skill("version: 3", "version: 4"), "4"),
    Case("SB119", skill("version: 3", "version: 1"), "1"),
    Case("SB118", skill(), "version", path="taxonomy/knowledge/places/qna.yaml"),
    Case("SB201", skill(), "version", path=PATH.replace("qna.yaml", "qna.yml")),
    Case("SB202", skill(), "version", path="taxonomy/compositional_skills/con/qna.yaml"),
    Case("SB203", skill(), "version", path="taxonomy/compositional_skills/Big Places/qna.yaml"),
    Case("SB206", skill(), "version", path="taxonomy/skills/capitals/qna.yaml"),
    Case(
        "SB221",
        skill().replace("capital of", "main town of"),
        "version",
        path=PATH.replace("capitals/", "capitals/towns/"),
        beside={PATH: SKILL},
    ),
    Case("SB301", skill("answer: Paris", 'answer: "TODO: the answer"'), '"TODO: the answer"'),
    Case("SB302", skill("answer: Paris", 'answer: " "'), "answer"),
    Case(
        "SB303",
        skill("answer: Paris", "answer: what is the  capital of France"),
        "what is the  capital of France",
    ),
    Case(
        "SB304",
        SKILL + "  - question: What is the capital of France?\n    answer: Paris\n",
        "What is the capital of France?",
    ),
    Case(
        "SB305",
        SKILL + "  - question: what is the capital of france\n    answer: Lutetia\n",
        "what is the capital of france",
    ),
    Case("SB306", skill("    answer: Paris", "    context: Of Gaul.\n    answer: Paris"), "context"),
    Case("SB307", skill("answer: Paris", f"answer: {'Paris ' * 300}city"), "answer"),
    Case("SB308", skill("answer: Paris", "answer: Paris <|im_end|> and on"), "<|im_end|>"),
    Case("SB309", skill("answer: Paris", "answer: Pa\u202eris"), "\u202e"),
    Case(
        "SB310",
        skill("task_description: Name the capital of a country.", 'task_description: " "'),
        "task_description",
    ),
    Case("SB401", knowledge(REMOTE.format("main")), "main", path=KNOWLEDGE_PATH),
    Case(
        "SB402",
        knowledge(REMOTE.format(FULL).replace("https://", "https://me:secret@")),
        "me:secret",
        path=KNOWLEDGE_PATH,
    ),
    Case("SB403", knowledge('patterns:\n  - "../../*.md"'), '"../../*.md"', path=KNOWLEDGE_PATH),
    Case(
        "SB404",
        knowledge("patterns:\n  - harbor.md"),
        "harbor.md",
        path=KNOWLEDGE_PATH,
        beside={"taxonomy/knowledge/harbours/velm/harbour.md": "Berths.\n"},
    ),
    Case(
        "SB405",
        knowledge("patterns:\n  - harbour.md"),
        "context",
        path=KNOWLEDGE_PATH,
        beside={"taxonomy/knowledge/harbours/velm/harbour.md": "Berths.\n"},
    ),
    Case(
        "SB501",
        SKILL,
        "What is the capital of France?",
        beside={"taxonomy/compositional_skills/europe/qna.yaml": SKILL},
    ),
    Case("SB601", skill("answer: Paris", "answer: Paris  "), "  "),
    Case("SB602", SKILL.rstrip("\n"), ""),
)


def findings(folder: Path, case: Case) -> list[Finding]:
    files: dict[str, str | bytes] = dict(case.beside)
    for path in (case.path, *case.beside):
        if Path(path).suffix in (".yaml", ".yml"):
            files[str(Path(path).with_name("attribution.txt"))] = ATTRIBUTION
    report = check_files(folder, {**files, case.path: case.text})
    return [finding for finding in report.findings if finding.path == case.path]


def under(text: str, span: Span) -> str:
    """The text that a span covers; of several lines, what it covers of the first."""
    line = text.split("\n")[span.line - 1]
    return line[span.column - 1 : span.end_column - 1 if span.end_line == span.line else None]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
def test_a_broken_leaf_is_found_where_it_is_broken(case: Case, tmp_path: Path) -> None:
    found = [finding for finding in findings(tmp_path, case) if finding.code == case.code]
    assert found, f"{case.code} says nothing"
    text = case.text if isinstance(case.text, str) else case.text.decode()
    assert under(text, found[0].span) == case.marked
    assert found[0].message and found[0].help


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
def test_one_fault_is_not_told_by_several_errors(case: Case, tmp_path: Path) -> None:
    errors = {finding.code for finding in findings(tmp_path, case) if finding.severity == "error"}
    assert errors <= {case.code}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_good_skill_has_no_finding(tmp_path: Path, newline: str) -> None:
    assert check_leaf(tmp_path, SKILL.replace("\n", newline)) == []


def test_a_good_knowledge_leaf_has_no_finding(tmp_path: Path) -> None:
    document = "\n\n".join(f"Berth *{number}* is kept\nby the harbour master." for number in range(5))
    files = {
        KNOWLEDGE_PATH: knowledge("patterns:\n  - '*.md'"),
        "taxonomy/knowledge/harbours/velm/harbour.md": document,
        "taxonomy/knowledge/harbours/velm/attribution.txt": ATTRIBUTION,
    }
    assert check_files(tmp_path, files).findings == ()


def test_a_pinned_document_elsewhere_has_no_finding(tmp_path: Path) -> None:
    assert check_leaf(tmp_path, knowledge(REMOTE.format(FULL)), path=KNOWLEDGE_PATH) == []


@pytest.mark.parametrize(
    ("attribution", "code", "marked"),
    [
        (None, "SB211", None),
        (" \n", "SB211", None),
        ("Title of work: Capitals\nLicense of the work: WTFPL-2.0\n", "SB212", "WTFPL-2.0"),
        ("Title of work: Capitals\n", "SB212", "Title of work: Capitals"),
        (ATTRIBUTION.replace("Robin Test", "TODO: who"), "SB301", "TODO: who"),
    ],
)
def test_attribution(tmp_path: Path, attribution: str | None, code: str, marked: str | None) -> None:
    found = check_leaf(tmp_path, SKILL, attribution=attribution)
    assert [finding.code for finding in found] == [code]
    if marked is not None and attribution is not None:
        assert under(attribution, found[0].span) == marked


def test_a_password_in_an_address_is_never_repeated(tmp_path: Path) -> None:
    text = knowledge(REMOTE.format(FULL).replace("https://", "https://me:hunter2@"))
    (found,) = check_leaf(tmp_path, text, path=KNOWLEDGE_PATH)
    assert "hunter2" not in found.message + (found.help or "") + found.value


def test_the_same_question_about_another_context_is_fine(tmp_path: Path) -> None:
    seeds = "".join(
        f"  - context: Town {n}\n    question: Which town is it?\n    answer: Town {n}.\n" for n in range(5)
    )
    text = f"version: 3\ncreated_by: robin\ntask_description: Name the town.\nseed_examples:\n{seeds}"
    assert check_leaf(tmp_path, text) == []


def test_sizes_and_bytes(tmp_path: Path) -> None:
    assert [f.code for f in check_leaf(tmp_path / "large", SKILL + "#" * 300_000)] == [too_large.CODE]
    assert [f.code for f in check_leaf(tmp_path / "utf16", SKILL.encode("utf-16"))] == [encoding.CODE]


def test_every_fault_of_the_reader_belongs_to_one_rule() -> None:
    import importlib

    kinds: list[str] = []
    for rule in RULES:
        module = importlib.import_module(f"seedbed.checking.rules.{rule.name.replace('-', '_')}")
        kinds.extend(getattr(module, "KINDS", ()))
    assert sorted(kinds) == sorted({*FAULT_KINDS, "unreadable"})


def test_codes_are_unique_and_every_rule_has_a_manual_page() -> None:
    codes = [rule.code for rule in RULES]
    assert len(set(codes)) == len(codes)
    for rule in RULES:
        assert rule.title and "To fix it:" in rule.manual and "Passes" in rule.manual, rule.code
        assert any(word in rule.manual for word in ("Fails", "Warns", "Hints")), rule.code
