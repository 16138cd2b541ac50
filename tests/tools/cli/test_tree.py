"""`seedbed tree` from the outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.command_line import seedbed
from support.leaves_under_check import BESIDE, PATH, skill
from support.repositories import ATTRIBUTION, SKILL, RepositoryBuilder

from seedbed.generation.release_manifest import GateRecord, LeafRecord, ReleaseManifest, Role
from seedbed.taxonomy.repository import Repository

OTHER = "taxonomy/compositional_skills/places/rivers/qna.yaml"


@pytest.fixture
def builder(tmp_path: Path) -> RepositoryBuilder:
    made = RepositoryBuilder(tmp_path)
    made.commit_files({PATH: SKILL, BESIDE: ATTRIBUTION, OTHER: SKILL.replace("capital", "longest river")})
    return made


def release(builder: RepositoryBuilder) -> None:
    """A release that holds both leaves and one that is gone."""
    files = Repository.open(builder.path).files(builder.head, "taxonomy")
    blobs = {
        file.path.removeprefix("taxonomy/").removesuffix("/qna.yaml"): file.blob
        for file in files
        if file.path.endswith("qna.yaml")
    }
    records = [
        LeafRecord(name, blob, Role.FRESH, (), 1, 1)
        for name, blob in {**blobs, "knowledge/gone": "0" * 40}.items()
    ]
    manifest = ReleaseManifest(
        "release-1", None, builder.head, "m", "d", "d", "r", "d", "d", 0, "0", tuple(records), (), (),
        GateRecord(True, ()),
    )  # fmt: skip
    builder.write("releases/release-1.json", manifest.to_json())


def test_the_taxonomy_and_its_findings(builder: RepositoryBuilder) -> None:
    builder.write(OTHER, skill("answer: Oslo", "answer: no").replace("capital", "longest river"))
    done = seedbed("tree", "--findings", folder=builder.path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "the working tree against no release yet"
    assert lines[2] == "compositional_skills/  (2 leaves, 10 seeds)" and lines[3] == "  places/"
    assert lines[4].split() == ["capitals", "fresh", "freeform", "5", "seeds"]
    assert lines[5].startswith("    rivers ") and "2 errors" in lines[5]  # `no`, and no attribution
    assert lines[-1].startswith("2 leaves, 10 seeds, 10 questions; 2 fresh; 2 errors")


def test_states_against_a_release(builder: RepositoryBuilder) -> None:
    release(builder)
    builder.write(OTHER, SKILL)
    builder.write("taxonomy/knowledge/broken/qna.yaml", "a: [\n")
    document = json.loads(seedbed("tree", "--format", "json", folder=builder.path).stdout)
    states = {leaf["name"]: (leaf["state"], leaf["problem"] is None) for leaf in document["leaves"]}
    assert document["release"] == "release-1"
    assert states == {
        "compositional_skills/places/capitals": ("unchanged", True),
        "compositional_skills/places/rivers": ("fresh", True),
        "knowledge/broken": ("fresh", False),
        "knowledge/gone": ("removed", True),
    }
    text = seedbed("tree", folder=builder.path).stdout
    assert "cannot be read" in text and "removed since" in text


def test_a_part_of_a_commit(builder: RepositoryBuilder) -> None:
    builder.write(OTHER, "a: [\n")
    done = seedbed("tree", "--head", "main", "rivers", folder=(builder.path / PATH).parent.parent)
    assert "1 leaf, 5 seeds" in done.stdout and "capitals" not in done.stdout


def test_an_empty_taxonomy(tmp_path: Path) -> None:
    RepositoryBuilder(tmp_path).commit_files({"README.md": "x"})
    assert "There is no leaf yet" in seedbed("tree", folder=tmp_path).stdout
