"""`seedbed fix` from the outside."""

from __future__ import annotations

from pathlib import Path

import pygit2
import pytest
from support.command_line import seedbed
from support.leaves_under_check import BESIDE, PATH, skill
from support.repositories import ATTRIBUTION, SKILL, RepositoryBuilder

BAD = skill("answer: Oslo", "answer: no").replace("answer: Lima", "answer: null")
OTHER = "taxonomy/compositional_skills/other/qna.yaml"


@pytest.fixture
def builder(tmp_path: Path) -> RepositoryBuilder:
    made = RepositoryBuilder(tmp_path / "repository")
    made.commit_files({PATH: SKILL, BESIDE: ATTRIBUTION, OTHER: BAD.replace("capital", "river")})
    return made


def test_what_changed_is_fixed_and_nothing_else(builder: RepositoryBuilder) -> None:
    path = builder.write(PATH, BAD)
    done = seedbed("fix", folder=builder.path)
    assert done.returncode == 0, done.stderr
    assert f"fixed {PATH}: SB107\n" in done.stdout
    assert "1 leaf looked at; 1 fix made in 1 file; 1 more with --unsafe" in done.stdout
    assert path.read_text() == BAD.replace("answer: no", "answer: 'no'")
    assert "answer: no\n" in (builder.path / OTHER).read_text()
    again = seedbed("fix", folder=builder.path)
    assert again.returncode == 0 and "nothing to fix" in again.stdout


def test_a_diff_that_git_can_apply(builder: RepositoryBuilder) -> None:
    path = builder.write(PATH, BAD.removesuffix("\n").replace("\n", "\r\n"))
    done = seedbed("fix", "--all", "--unsafe", "--diff", folder=builder.path)
    assert done.returncode == 1
    before = path.read_bytes()
    patch = seedbed_bytes(builder.path)
    builder.git.apply(pygit2.Diff.parse_diff(patch), pygit2.enums.ApplyLocation.WORKDIR)
    assert path.read_bytes() != before and b"answer: 'no'\r\n" in path.read_bytes()
    assert seedbed("fix", "--all", "--unsafe", "--diff", folder=builder.path).returncode == 0


def seedbed_bytes(folder: Path) -> bytes:
    """The diff as bytes: line ends matter."""
    import subprocess
    import sys

    command = [sys.executable, "-c", "from seedbed.cli.main import main; main()"]
    done = subprocess.run(
        [*command, "fix", "--all", "--unsafe", "--diff"], cwd=folder, capture_output=True, check=False
    )
    return done.stdout


def test_a_log_obeys_no_line_of_a_diff(builder: RepositoryBuilder) -> None:
    text = BAD.replace("created_by: robin", "created_by: |-\n  ::error::x\n  \x1b[31m").replace("\x1b", "")
    builder.write(PATH, text)
    done = seedbed("fix", "--diff", folder=builder.path, environment={"GITHUB_ACTIONS": "true"})
    first, *_, last = done.stdout.splitlines()
    assert first.startswith("::stop-commands::") and last == f"::{first.rpartition(':')[2]}::"


def test_upgrade(builder: RepositoryBuilder) -> None:
    path = builder.write(PATH, SKILL.replace("version: 3", "version: 2"))
    done = seedbed("fix", "--upgrade", folder=builder.path)
    assert "version 3" in done.stdout and path.read_text() == SKILL
    builder.write(PATH, "\n".join(SKILL.splitlines()[1:6]) + "\n")
    done = seedbed("fix", "--upgrade", folder=builder.path)
    assert done.returncode == 0 and "stays version 1" in done.stderr


def test_wrong_input(builder: RepositoryBuilder, tmp_path: Path) -> None:
    done = seedbed("fix", "taxonomy/knowledge", folder=builder.path)
    assert done.returncode == 2 and "no leaf at or under" in done.stderr
    mirror = tmp_path / "mirror.git"
    pygit2.clone_repository(str(builder.path), str(mirror), bare=True)
    done = seedbed("fix", "--all", folder=mirror)
    assert done.returncode == 2 and "bare repository" in done.stderr


def test_a_leaf_behind_a_link_is_not_touched(builder: RepositoryBuilder, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere.yaml"
    target.write_text(BAD)
    (builder.path / PATH).unlink()
    (builder.path / PATH).symlink_to(target)
    done = seedbed("fix", "--unsafe", folder=builder.path)
    assert done.returncode == 0 and target.read_text() == BAD and (builder.path / PATH).is_symlink()
