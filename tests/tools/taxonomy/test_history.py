"""The last change of each file, held to what git itself says."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest
from support.repositories import RepositoryBuilder

from seedbed.taxonomy.history import last_changes
from seedbed.taxonomy.repository import Repository


def said_by_git(folder: Path, path: str) -> str:
    command = ["git", "-C", str(folder), "log", "-1", "--format=%H", "--", path]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("seed", range(5))
def test_it_is_what_git_log_says(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    builder = RepositoryBuilder(tmp_path / "repository")
    names = [f"taxonomy/{letter}/qna.yaml" for letter in "abcdef"]
    for name in names[:3]:
        builder.write(name, "first\n")
    builder.commit("first")
    for round_number in range(6):
        if draw.random() < 0.5:
            builder.branch(f"side-{round_number}")
            builder.write(draw.choice(names), f"side {round_number}\n")
            builder.commit("side")
            builder.checkout("main")
            builder.write(f"other-{round_number}", "x")
            builder.commit("elsewhere")
            builder.merge(f"side-{round_number}")
        else:
            builder.write(draw.choice(names), f"main {round_number % 2}\n")
            builder.commit("main")
    repository = Repository.open(builder.path)
    found = last_changes(repository, builder.head, names, under="taxonomy")
    present = [name for name in names if (builder.path / name).exists()]
    assert {path: change.commit for path, change in found.items()} == {
        path: said_by_git(builder.path, path) for path in present
    }
    assert {change.authored.name for change in found.values()} == {"Robin Test"}
    assert all(change.certain for change in found.values())


def test_the_edge_of_a_shallow_clone_is_not_certain(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path / "repository")
    builder.commit_files({"taxonomy/a/qna.yaml": "old\n"})
    builder.commit_files({"taxonomy/b/qna.yaml": "new\n"})
    edge = builder.commit_files({"README.md": "unrelated\n"})
    new = builder.commit_files({"taxonomy/b/qna.yaml": "newer\n"})
    shallow = tmp_path / "shallow"
    command = ["git", "clone", "-q", "--depth", "2", f"file://{builder.path}", str(shallow)]
    subprocess.run(command, check=True)
    found = last_changes(
        Repository.open(shallow), new, ["taxonomy/a/qna.yaml", "taxonomy/b/qna.yaml"], under="taxonomy"
    )
    assert (found["taxonomy/a/qna.yaml"].commit, found["taxonomy/a/qna.yaml"].certain) == (edge, False)
    assert (found["taxonomy/b/qna.yaml"].commit, found["taxonomy/b/qna.yaml"].certain) == (new, True)


def test_a_path_that_is_not_there_is_left_out(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path / "repository")
    builder.commit_files({"taxonomy/a/qna.yaml": "old\n"})
    assert last_changes(Repository.open(builder.path), builder.head, ["taxonomy/z/qna.yaml"]) == {}
