"""The report that a check leaves: neighbours as they are at the checked commit, wherever that is read from."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.repositories import SKILL, RepositoryBuilder

from seedbed.checking.check import check
from seedbed.config import Settings
from seedbed.forge.make_report import make_report
from seedbed.taxonomy.changes import Base
from seedbed.taxonomy.repository import Repository

PLACES = "taxonomy/compositional_skills/geography"


@pytest.mark.parametrize("bare", [False, True])
def test_neighbours_are_those_of_the_commit(tmp_path: Path, bare: bool) -> None:
    built = RepositoryBuilder(tmp_path / "repository")
    built.write_leaf(f"{PLACES}/capitals")
    base = built.commit()
    built.write_leaf(f"{PLACES}/capital_rivers", SKILL.replace("capital", "river of the capital"))
    built.write_leaf(f"{PLACES}/capital_hills", SKILL.replace("capital", "hill of the capital"))
    head = built.commit()
    built.write_leaf(f"{PLACES}/capital_roads", SKILL.replace("capital", "road"))  # in the working tree alone
    folder = built.path / ".git" if bare else built.path
    repository = Repository.open(folder)
    if bare:
        built.git.config["core.bare"] = True
        repository = Repository.open(folder)
    report = check(repository, Settings(), base=Base("test", base, head), head=head)
    left = make_report(repository, report, taxonomy_root="taxonomy", head=head)
    near = {leaf.name.rpartition("/")[2]: leaf.neighbours for leaf in left.leaves}
    capitals = ("compositional_skills/geography/capitals",)
    assert near == {"capital_rivers": capitals, "capital_hills": capitals}
