"""The taxonomy that ships with Seedbed: every leaf stands where it should and cites what it says it cites."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1] / "taxonomy"
BRANCHES = {"knowledge", "foundational_skills", "compositional_skills"}
LEAVES = sorted(path.parent for path in ROOT.rglob("qna.yaml"))
SEGMENT = re.compile(r"[a-z0-9][a-z0-9_]*")
ATTRIBUTION = ("Title of work", "Link to work", "Revision", "License of the work", "Creator names")
LICENCES = {"Apache-2.0", "CC-BY-4.0", "CC0-1.0", "MIT"}


def name(leaf: Path) -> str:
    return leaf.relative_to(ROOT).as_posix()


def qna(leaf: Path) -> dict[str, Any]:
    return YAML(typ="safe").load((leaf / "qna.yaml").read_text(encoding="utf-8"))


def documents(leaf: Path) -> list[str]:
    """The Markdown that a knowledge leaf cites from its own folder."""
    return [
        path.read_text(encoding="utf-8")
        for pattern in qna(leaf).get("document", {}).get("patterns", [])
        for path in sorted(leaf.glob(pattern))
    ]


def kind(leaf: Path) -> str:
    if leaf.relative_to(ROOT).parts[0] == "knowledge":
        return "knowledge"
    contexts = ["context" in seed for seed in qna(leaf)["seed_examples"]]
    assert len(set(contexts)) == 1, f"{name(leaf)}: a context in every seed example or in none"
    return "grounded" if contexts[0] else "freeform"


KNOWLEDGE = [leaf for leaf in LEAVES if kind(leaf) == "knowledge"]
every_leaf = pytest.mark.parametrize("leaf", LEAVES, ids=name)
every_knowledge_leaf = pytest.mark.parametrize("leaf", KNOWLEDGE, ids=name)


def test_the_taxonomy_is_as_wide_as_promised() -> None:
    assert len(LEAVES) >= 24
    assert {leaf.relative_to(ROOT).parts[0] for leaf in LEAVES} == BRANCHES
    kinds = Counter(map(kind, LEAVES))
    assert kinds["knowledge"] >= 4 and kinds["freeform"] >= 8 and kinds["grounded"] >= 4, kinds
    assert sum(bool(documents(leaf)) for leaf in KNOWLEDGE) >= 4


@every_leaf
def test_leaf_stands_where_it_should(leaf: Path) -> None:
    branch, *folders = leaf.relative_to(ROOT).parts
    assert branch in BRANCHES
    assert len(folders) >= 2, "a topic, then the leaf"
    assert all(map(SEGMENT.fullmatch, folders))
    assert not [other for other in LEAVES if leaf in other.parents], "a leaf has no leaf inside"


@every_leaf
def test_leaf_says_where_it_comes_from(leaf: Path) -> None:
    lines = (leaf / "attribution.txt").read_text(encoding="utf-8").splitlines()
    fields = dict(line.split(": ", 1) for line in lines if line)
    assert tuple(fields) == ATTRIBUTION
    assert fields["License of the work"] in LICENCES


@every_leaf
def test_leaf_holds_what_its_kind_asks_for(leaf: Path) -> None:
    data = qna(leaf)
    assert data["version"] == 3
    assert data["created_by"] == "seedbed-founders"
    assert len(data["seed_examples"]) >= 5
    if kind(leaf) == "knowledge":
        assert data["domain"] and data["document_outline"]
        pairs = [seed["questions_and_answers"] for seed in data["seed_examples"]]
        assert all(len(several) >= 3 for several in pairs)
        questions = [pair["question"] for several in pairs for pair in several]
    else:
        assert data["task_description"]
        questions = [(seed["question"], seed.get("context")) for seed in data["seed_examples"]]
    assert len(set(questions)) == len(questions), "no seed twice"


@every_knowledge_leaf
def test_contexts_are_words_of_the_document(leaf: Path) -> None:
    texts = documents(leaf)
    assert texts, "its document lies beside it"
    for seed in qna(leaf)["seed_examples"]:
        assert any(seed["context"].strip() in text for text in texts), seed["context"]


def test_the_taxonomy_holds_data_only() -> None:
    kinds = {"qna.yaml", "attribution.txt", ".gitkeep"}
    files = [path for path in ROOT.rglob("*") if not path.is_dir()]
    strays = [path for path in files if path.name not in kinds and path.suffix != ".md"]
    assert strays == []
    assert not [path for path in files if path.is_symlink() or path.stat().st_mode & 0o111]


def test_markdown_lies_only_beside_a_leaf_that_cites_it() -> None:
    cited = {
        PurePosixPath(name(leaf)) / path.name
        for leaf in KNOWLEDGE
        for pattern in qna(leaf)["document"]["patterns"]
        for path in leaf.glob(pattern)
    }
    assert {PurePosixPath(path.relative_to(ROOT).as_posix()) for path in ROOT.rglob("*.md")} == cited
