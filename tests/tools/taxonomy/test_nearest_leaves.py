"""Leaves that come near: the rarer the shared word, the nearer; one that cannot be read has its name."""

from __future__ import annotations

from pathlib import Path

from support.repositories import SKILL, RepositoryBuilder

from seedbed.taxonomy.nearest_leaves import nearest_leaves
from seedbed.taxonomy.repository import Repository


def near(folder: Path, words: str) -> list[str]:
    found = nearest_leaves(Repository.open(folder), taxonomy_root="taxonomy", words=words)
    return [leaf.name for leaf in found]


def test_names_tasks_and_questions(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path)
    root = "taxonomy/compositional_skills"
    builder.write(f"{root}/places/capitals/qna.yaml", SKILL)
    builder.write(f"{root}/places/rivers/qna.yaml", SKILL.replace("capital", "longest river"))
    builder.write(f"{root}/writing/haiku/qna.yaml", SKILL.replace("What is the capital of", "A haiku about"))
    builder.write(f"{root}/broken/sonnets/qna.yaml", "a: [\n")
    assert near(tmp_path, "writing/haikus")[0] == "compositional_skills/writing/haiku"
    assert near(tmp_path, "capital cities")[0] == "compositional_skills/places/capitals"
    assert near(tmp_path, "sonnets") == ["compositional_skills/broken/sonnets"]
    assert near(tmp_path, "knitting/socks") == []
    (first, *_) = nearest_leaves(Repository.open(tmp_path), taxonomy_root="taxonomy", words="peru river")
    assert first.question == "What is the longest river of Peru?"


def test_an_empty_taxonomy(tmp_path: Path) -> None:
    RepositoryBuilder(tmp_path).commit_files({"a": "b"})
    assert near(tmp_path, "anything") == []
