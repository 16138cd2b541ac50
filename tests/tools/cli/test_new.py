"""`seedbed new`: what it writes validates but for its placeholders, and nothing is overwritten."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.command_line import seedbed
from support.repositories import SKILL, RepositoryBuilder

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
    assert sum(1 + len(finding["related"]) for finding in checked["findings"]) == todos
    assert len(checked["findings"]) == 2  # one for each file


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


def test_what_is_near_is_shown_first(builder: RepositoryBuilder) -> None:
    builder.write("taxonomy/compositional_skills/places/capitals/qna.yaml", SKILL)
    done = seedbed(
        "new", "skill", "geography/capital_cities", "--task", 'Say "capital" of: x', folder=builder.path
    )
    assert done.returncode == 0, done.stderr
    shown, _, written = done.stdout.partition("wrote ")
    assert "compositional_skills/places/capitals" in shown and "asks: What is the capital of" in shown
    assert written
    done = seedbed("new", "skill", "sums/long_division", "--author", "alex: x #1", folder=builder.path)
    assert "already there" not in done.stdout
    path = builder.path / "taxonomy/compositional_skills/sums/long_division/qna.yaml"
    leaf = read_leaf(path.read_bytes(), path="p", name="compositional_skills/a", blob="").leaf
    assert leaf is not None and leaf.created_by == "alex: x #1"


def test_of_a_leaf_that_is_still_to_be_filled_in_no_placeholder_is_shown(builder: RepositoryBuilder) -> None:
    seedbed("new", "skill", "places/capitals", folder=builder.path)
    done = seedbed("new", "skill", "places/capital_cities", folder=builder.path)
    shown, _, _ = done.stdout.partition("wrote ")
    assert "compositional_skills/places/capitals" in shown and "TODO" not in shown


def test_without_a_terminal_nothing_is_asked(builder: RepositoryBuilder) -> None:
    done = seedbed("new", folder=builder.path)
    assert done.returncode == 2 and "kind of leaf is missing" in done.stderr
    done = seedbed("new", "skill", folder=builder.path)
    assert done.returncode == 2 and "path of the leaf is missing" in done.stderr


def on_a_terminal(folder: Path, typed: str) -> tuple[int, str]:
    """Run `seedbed new` with a pseudo-terminal as its input; what it printed and how it ended."""
    ours, theirs = pty.openpty()
    os.write(ours, typed.encode())
    done = subprocess.run(
        [sys.executable, "-c", "from seedbed.cli.main import main; main()", "new"],
        cwd=folder,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(ours)
    os.close(theirs)
    return done.returncode, done.stdout


def test_on_a_terminal_it_asks(builder: RepositoryBuilder) -> None:
    code, said = on_a_terminal(builder.path, "3\nBad Name\nmeetings/actions\nList who does what.\nrobin\n")
    assert code == 0, said
    assert "What should the model gain?" in said and "'Bad Name' is no folder name" in said
    path = builder.path / "taxonomy/compositional_skills/meetings/actions/qna.yaml"
    leaf = read_leaf(path.read_bytes(), path="p", name="compositional_skills/a", blob="").leaf
    assert leaf is not None and leaf.kind is Kind.GROUNDED
    assert (leaf.created_by, leaf.task_description) == ("robin", "List who does what.")


def test_a_leaf_that_is_there_already_need_not_be_written(builder: RepositoryBuilder) -> None:
    builder.write("taxonomy/compositional_skills/places/capitals/qna.yaml", SKILL)
    code, said = on_a_terminal(builder.path, "2\nplaces/capital_cities\n\nn\n")
    assert code == 0 and "nothing was written" in said and "Add a new leaf all the same?" in said
    assert not (builder.path / "taxonomy/compositional_skills/places/capital_cities").exists()


def test_a_leaf_is_not_put_above_another(builder: RepositoryBuilder) -> None:
    builder.commit_files({"taxonomy/compositional_skills/writing/haiku/qna.yaml": SKILL})
    done = seedbed("new", "skill", "writing", folder=builder.path)
    assert done.returncode == 2
    assert "holds a leaf deeper down" in done.stderr and "writing/haiku/qna.yaml" in done.stderr
    assert not (builder.path / "taxonomy/compositional_skills/writing/qna.yaml").exists()
    assert seedbed("new", "skill", "writing/limerick", folder=builder.path).returncode == 0


def test_the_modeline_names_the_address_in_the_settings(builder: RepositoryBuilder) -> None:
    builder.write("schema/leaf.v3.skill.schema.json", "{}")
    builder.write("seedbed.toml", '[taxonomy]\nschema_address = "https://schemas.example/seedbed/"\n')
    seedbed("new", "skill", "games/riddles", folder=builder.path)
    text = (builder.path / "taxonomy/compositional_skills/games/riddles/qna.yaml").read_text()
    assert text.startswith(
        "# yaml-language-server: $schema=https://schemas.example/seedbed/leaf.v3.skill.schema.json\n"
    )


def test_without_a_schema_no_address_is_made_up(builder: RepositoryBuilder) -> None:
    seedbed("new", "skill", "games/riddles", folder=builder.path)
    text = (builder.path / "taxonomy/compositional_skills/games/riddles/qna.yaml").read_text()
    assert text.startswith("version: 3\n")
