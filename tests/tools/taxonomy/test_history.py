"""The last change of each file, held to what git itself says."""

from __future__ import annotations

import random
import subprocess
from collections import Counter
from pathlib import Path

import pygit2
import pytest
from support.repositories import RepositoryBuilder

from seedbed.taxonomy.history import Contributor, contributors, last_changes
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


def counted_by_git(folder: Path, path: str) -> Counter[str]:
    command = ["git", "-C", str(folder), "log", "--no-merges", "--full-history", "--format=%an", "--", path]
    return Counter(
        subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")[:-1]
    )


@pytest.mark.parametrize("seed", range(5))
def test_contributors_are_those_that_git_log_names(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    builder = RepositoryBuilder(tmp_path / "repository")

    def commit(name: str) -> None:
        builder.commit("made")
        last = builder.git.head.peel()
        author = pygit2.Signature(name, "a@b.example", 1_700_000_000, 0)
        made = builder.git.create_commit(None, author, author, "signed", last.tree.id, last.parent_ids)
        builder.git.reset(made, pygit2.enums.ResetMode.HARD)

    names = [f"taxonomy/{letter}/qna.yaml" for letter in "abcd"]
    builder.write("README.md", "x")
    commit("Zoe")
    for round_number in range(8):
        if draw.random() < 0.4:
            builder.branch(f"side-{round_number}")
            builder.write(draw.choice(names), f"side {round_number}\n")
            commit(draw.choice(("Ada", "Bram")))
            builder.checkout("main")
            builder.merge(f"side-{round_number}")
        else:
            builder.write(draw.choice(names), f"main {round_number}\n")
            commit(draw.choice(("Ada", "Carla")))
    found = contributors(Repository.open(builder.path), builder.head, under="taxonomy")
    assert {path: Counter({one.name: one.changes for one in each}) for path, each in found.items()} == {
        name: counted_by_git(builder.path, name) for name in names if (builder.path / name).exists()
    }
    assert all(
        list(each) == sorted(each, key=lambda one: (-one.changes, one.name)) for each in found.values()
    )


def test_a_moved_file_keeps_its_contributors(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path / "repository")
    builder.commit_files({"taxonomy/a/qna.yaml": "one\n"})
    builder.commit_files({"taxonomy/a/qna.yaml": "two\n"})
    builder.remove("taxonomy/a/qna.yaml")
    builder.commit_files({"taxonomy/b/qna.yaml": "two\n"})
    found = contributors(Repository.open(builder.path), builder.head)
    assert found == {"taxonomy/b/qna.yaml": (Contributor("Robin Test", 3),)}


def test_the_edge_of_a_shallow_clone_names_nobody(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path / "repository")
    builder.commit_files({"a": "1\n", "b": "1\n"})
    builder.commit_files({"a": "2\n"})
    builder.commit_files({"a": "3\n"})
    shallow = tmp_path / "shallow"
    command = ["git", "clone", "-q", "--depth", "2", f"file://{builder.path}", str(shallow)]
    subprocess.run(command, check=True)
    found = contributors(Repository.open(shallow), builder.head)
    assert found == {"a": (Contributor("Robin Test", 1),)}
