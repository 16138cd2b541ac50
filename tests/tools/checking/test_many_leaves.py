from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest
from support.repositories import SKILL, RepositoryBuilder

from seedbed.checking import many_leaves
from seedbed.checking.many_leaves import Place, findings_of_many
from seedbed.checking.occasion import Occasion
from seedbed.checking.policy import policy_of
from seedbed.checking.tree import Tree
from seedbed.config import CheckSettings, IgnoredFindings
from seedbed.taxonomy.repository import Repository

LEAVES = 24


@pytest.fixture
def builder(tmp_path: Path) -> RepositoryBuilder:
    made = RepositoryBuilder(tmp_path / "repository")
    for number in range(LEAVES):
        text = SKILL.replace("Paris", "no" if number % 3 == 0 else f"Town {number}")
        made.write_leaf(f"taxonomy/compositional_skills/towns/t{number:02}", text)
    made.commit()
    return made


def run(
    builder: RepositoryBuilder,
) -> tuple[dict[str, list[str]], Counter[IgnoredFindings], list[tuple[int, int]]]:
    repository = Repository.open(builder.path)
    commit = repository.head()
    tree = Tree(repository, commit, "taxonomy")
    ignored = IgnoredFindings(("SB107",), ("taxonomy/compositional_skills/towns/t0*",), "a reason")
    policy = policy_of(CheckSettings(ignore=(ignored,)), frozenset({"SB107"}), fixed=frozenset())
    occasion = Occasion(policy)
    seen: list[tuple[int, int]] = []
    found = findings_of_many(
        occasion,
        tree,
        Place(repository.root, commit, "taxonomy"),
        dict.fromkeys(tree.leaves, False),
        lambda done, total: seen.append((done, total)),
    )
    return {path: [item.fingerprint for item in items] for path, items in found.items()}, occasion.used, seen


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere one process does it all")
def test_several_processes_find_what_one_finds(
    builder: RepositoryBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone, used, _ = run(builder)
    assert any(alone.values()) and used
    monkeypatch.setattr(many_leaves, "WORTHWHILE_FROM", 2)
    monkeypatch.setattr(many_leaves, "PART", 5)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    together, used_together, seen = run(builder)
    assert together == alone
    assert list(together) == list(alone)
    assert used_together == used
    assert seen[-1] == (LEAVES - 1, LEAVES)
