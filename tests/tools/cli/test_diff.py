"""`seedbed diff` from the outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.command_line import seedbed
from support.leaves_under_check import BESIDE, PATH, skill
from support.repositories import ATTRIBUTION, SKILL, RepositoryBuilder

OTHER = "taxonomy/compositional_skills/other/qna.yaml"


@pytest.fixture
def builder(tmp_path: Path) -> RepositoryBuilder:
    made = RepositoryBuilder(tmp_path / "repository")
    made.commit_files({PATH: SKILL, BESIDE: ATTRIBUTION, OTHER: SKILL.replace("capital", "longest river")})
    return made


def test_a_changed_word(builder: RepositoryBuilder) -> None:
    builder.write(PATH, skill("answer: Oslo", "answer: Bergen"))
    done = seedbed("diff", folder=builder.path)
    assert done.returncode == 0, done.stderr
    assert "edited compositional_skills/places/capitals" in done.stdout
    assert "  ~ seed 2\n    answer: [-Oslo-]{+Bergen+}\n  4 seeds unchanged" in done.stdout
    assert "0 seeds added, 0 removed, 1 changed" in done.stdout


def test_json_of_two_commits(builder: RepositoryBuilder) -> None:
    base = builder.head
    builder.branch("work")
    builder.remove(OTHER)
    head = builder.commit_files(
        {PATH: SKILL.replace("Peru?\n    answer: Lima\n", "Peru?\n    answer: Cusco\n")}
    )
    done = seedbed("diff", "--base", "main", "--head", "work", "--format", "json", folder=builder.path)
    document = json.loads(done.stdout)
    assert (document["version"], document["base"], document["head"]) == (1, base, head)
    assert [(leaf["name"], leaf["change"]) for leaf in document["leaves"]] == [
        ("compositional_skills/other", "removed"),
        ("compositional_skills/places/capitals", "edited"),
    ]
    (seed,) = document["leaves"][1]["seeds"]
    assert seed["changes"][0]["words"] == [["removed", "Lima"], ["added", "Cusco"]]


def test_paths_and_nothing(builder: RepositoryBuilder) -> None:
    builder.write(PATH, skill("answer: Oslo", "answer: Bergen"))
    assert "No leaf differs" in seedbed("diff", "taxonomy/knowledge", folder=builder.path).stdout
    assert "1 leaf" in seedbed("diff", BESIDE, folder=builder.path).stdout
    builder.write(PATH, SKILL)
    assert seedbed("diff", "--fail-on-empty", folder=builder.path).returncode == 3


def test_what_is_in_a_leaf_reaches_no_terminal(builder: RepositoryBuilder) -> None:
    builder.write(PATH, skill("answer: Oslo", 'answer: "\\e]0;title\\a ::error::x \u202e"'))
    builder.write(OTHER, b"version: 3\n\x1b[2J: [\n")
    done = seedbed("diff", folder=builder.path)
    assert done.returncode == 0 and "\x1b" not in done.stdout and "\u202e" not in done.stdout
    assert "cannot be read as a leaf" in done.stdout
    assert not [line for line in done.stdout.splitlines() if line.lstrip().startswith("::")]
