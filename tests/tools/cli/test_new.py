"""`seedbed new`: what it writes validates but for its placeholders, and nothing is overwritten."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from support.command_line import seedbed
from support.repositories import RepositoryBuilder

from seedbed.taxonomy.leaf import Kind
from seedbed.taxonomy.read_leaf import read_leaf


@pytest.fixture
def builder(tmp_path: Path) -> RepositoryBuilder:
    made = RepositoryBuilder(tmp_path)
    made.commit_files({"README.md": "A taxonomy\n"})
    return made


@pytest.mark.parametrize(
    ("arguments", "name", "kind"),
    [
        (("skill", "writing/haiku"), "compositional_skills/writing/haiku", Kind.FREEFORM),
        (("skill", "--grounded", "foundational_skills/sums"), "foundational_skills/sums", Kind.GROUNDED),
        (("knowledge", "taxonomy/knowledge/sea/"), "knowledge/sea", Kind.KNOWLEDGE),
    ],
)
def test_a_new_leaf_is_valid_but_for_its_placeholders(
    builder: RepositoryBuilder, arguments: tuple[str, ...], name: str, kind: Kind
) -> None:
    done = seedbed("new", *arguments, folder=builder.path)
    assert done.returncode == 0, done.stderr
    path = builder.path / "taxonomy" / name / "qna.yaml"
    leaf = read_leaf(path.read_bytes(), path=str(path), name=name, blob="").leaf
    assert leaf is not None and leaf.kind is kind
    checked = json.loads(seedbed("check", "--format", "json", folder=builder.path).stdout)
    assert {finding["code"] for finding in checked["findings"]} == {"SB301"}
    lines = path.read_text().splitlines() + path.with_name("attribution.txt").read_text().splitlines()
    todos = sum("TODO" in line for line in lines)
    assert len(checked["findings"]) == todos


def test_the_modeline_names_a_schema_of_the_repository_if_there_is_one(builder: RepositoryBuilder) -> None:
    builder.write("schema/leaf.v3.skill.schema.json", "{}")
    seedbed("new", "skill", "a/b", folder=builder.path)
    folder = builder.path / "taxonomy/compositional_skills/a/b"
    (reference,) = re.findall(r"\$schema=(\S+)", (folder / "qna.yaml").read_text())
    assert (folder / reference).resolve() == (builder.path / "schema/leaf.v3.skill.schema.json").resolve()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("skill", "knowledge/sea"), "cannot lie under knowledge"),
        (("knowledge", "foundational_skills/sea"), "cannot lie under foundational_skills"),
        (("skill", "../../etc"), "no folder name"),
        (("skill", "Big Words"), "no folder name"),
        (("skill", "compositional_skills"), "needs a folder of its own"),
        (("knowledge", "--grounded", "sea"), "--grounded is for skills"),
    ],
)
def test_wrong_input(builder: RepositoryBuilder, arguments: tuple[str, ...], said: str) -> None:
    done = seedbed("new", *arguments, folder=builder.path)
    assert done.returncode == 2 and said in done.stderr
    assert not (builder.path / "taxonomy").exists()


def test_nothing_is_overwritten(builder: RepositoryBuilder) -> None:
    path = builder.write("taxonomy/compositional_skills/a/qna.yaml", "mine")
    for name, said in (("a", "exists already"), ("a/b", "is a leaf itself")):
        done = seedbed("new", "skill", name, folder=builder.path)
        assert done.returncode == 2 and said in done.stderr
    assert path.read_text() == "mine"


def test_nothing_is_written_through_a_link(
    builder: RepositoryBuilder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (builder.path / "taxonomy").mkdir()
    (builder.path / "taxonomy/compositional_skills").symlink_to(elsewhere)
    done = seedbed("new", "skill", "a", folder=builder.path)
    assert done.returncode == 2 and "through a link" in done.stderr
    assert list(elsewhere.iterdir()) == []
