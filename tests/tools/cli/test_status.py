"""`seedbed status` and `seedbed show` from the outside."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from support.growing import run_seedbed
from support.repositories import RepositoryBuilder
from support.scripted_teacher import ScriptedTeacher
from support.small_taxonomy import (
    FREEFORM,
    GROUNDED,
    KNOWLEDGE,
    LEAVES,
    freeform_leaf,
    knowledge_leaf,
    small_taxonomy,
)

from seedbed.generation.generate import generate
from seedbed.generation.leaf_sources import read_sources
from seedbed.generation.read_recipe import load_recipe
from seedbed.generation.recipe import with_samples
from seedbed.generation.release_manifest import GateRecord, LeafRecord, ReleaseManifest, Role
from seedbed.generation.store import SampleStore
from seedbed.taxonomy.repository import Repository


@pytest.fixture
def grown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RepositoryBuilder:
    """The small taxonomy, grown, and released as `release-1`."""
    builder = small_taxonomy(tmp_path)
    builder.write(".gitignore", ".seedbed/\n")
    repository = Repository.open(tmp_path)
    sources = read_sources(repository, commit=repository.head(), taxonomy_root="taxonomy")
    store = SampleStore.open(tmp_path / ".seedbed")
    recipe = with_samples(load_recipe("sandbox"), 4)
    outcomes = asyncio.run(generate(sources, recipe=recipe, teacher=ScriptedTeacher(), store=store))
    keys = {outcome.name: outcome.key or "" for outcome in outcomes}
    records = tuple(LeafRecord(s.name, s.blob, Role.FRESH, (keys[s.name],), 4, 1) for s in sources)
    manifest = ReleaseManifest(
        "release-1",
        None,
        repository.head(),
        "b",
        "d",
        "d",
        "r",
        "d",
        "d",
        0,
        "0",
        records,
        (),
        (),
        GateRecord(True, ()),
    )
    builder.write("releases/release-1.json", manifest.to_json())
    builder.commit("release-1")
    monkeypatch.chdir(tmp_path)
    return builder


def test_every_state(grown: RepositoryBuilder) -> None:
    assert "3 unchanged" in run_seedbed("status").output
    grown.write_leaf(f"taxonomy/{FREEFORM}", freeform_leaf("Turn words around."))
    grown.remove(f"taxonomy/{GROUNDED}/qna.yaml")
    grown.write(f"taxonomy/{KNOWLEDGE}/harbour.md", "# Velm\n\nThe dock is kept by Ida.\n")
    grown.write_leaf("taxonomy/compositional_skills/new", freeform_leaf())
    grown.commit("everything changes")
    output = run_seedbed("status").output
    found = {line.split()[1]: line for line in output.splitlines()[1:-1]}
    assert found[FREEFORM].startswith("fresh") and "edited since release-1" in found[FREEFORM]
    assert found[KNOWLEDGE].startswith("fresh") and "documents changed since release-1" in found[KNOWLEDGE]
    assert found[GROUNDED].startswith("removed")
    assert (
        found["compositional_skills/new"].startswith("fresh")
        and "no samples" in found["compositional_skills/new"]
    )
    assert output.splitlines()[-1] == "3 fresh, 0 unchanged, 1 removed"


def test_many_leaves(grown: RepositoryBuilder, monkeypatch: pytest.MonkeyPatch) -> None:
    from seedbed.cli import status as command

    monkeypatch.setattr(command, "SHOWN", 2)
    grown.write_leaf(f"taxonomy/{GROUNDED}", "version: 3\n")
    grown.write_leaf("taxonomy/compositional_skills/new", freeform_leaf())
    grown.commit("one new, one broken")
    lines = run_seedbed("status").output.splitlines()
    assert [line.split()[1] for line in lines[1:3]] == [GROUNDED, "compositional_skills/new"]
    assert "cannot be read" in lines[1]
    assert lines[3] == "… and 2 leaves more: seedbed status --all"
    held = [one for one in SampleStore.open(".seedbed").catalogue() if one.leaf in (FREEFORM, KNOWLEDGE)]
    samples, held_out = sum(one.samples for one in held), sum(one.held_out for one in held)
    assert lines[4] == (
        f"{samples} samples ({held_out} held out) of 2 leaves; 1 leaf without samples, 1 leaf that cannot be read"
    )
    assert lines[5].startswith("in all, 2 leaves: ")
    assert lines[6] == "2 fresh, 2 unchanged, 0 removed"
    every = run_seedbed("status", "--all").output.splitlines()
    assert len(every) == 7 and every[-1] == lines[6]


def test_nothing_changed(grown: RepositoryBuilder) -> None:
    output = run_seedbed("status", "--fail-on-empty")
    assert output.exit_code == 3
    assert run_seedbed("generate", "--fail-on-empty").exit_code == 3
    assert "0 of 3 leaves" in run_seedbed("generate").output


def test_unchanged_leaves_whose_samples_are_lost_are_made_again(grown: RepositoryBuilder) -> None:
    for file in (grown.path / ".seedbed" / "samples").iterdir():
        file.unlink()
    assert "3 of 3 leaves" in run_seedbed("generate", "--dry-run").output


def test_show(grown: RepositoryBuilder) -> None:
    for name in LEAVES:
        shown = run_seedbed("show", name)
        assert shown.exit_code == 0, shown.errors
        assert " user  " in shown.output and " assistant  " in shown.output
    assert "harbour.md, lines" in run_seedbed("show", KNOWLEDGE).output
    held_out = run_seedbed("show", FREEFORM, "--held-out").output
    assert "held out" in held_out and "seed example" in held_out
    assert run_seedbed("show", "knowledge/nothing").exit_code == 2


def test_documents_elsewhere_are_not_fetched_by_status(
    grown: RepositoryBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    cited = f"document:\n  repo: https://example.invalid/a/b\n  commit: {'a' * 40}\n  patterns:"
    elsewhere = knowledge_leaf().replace("document:\n  patterns:", cited)
    grown.write_leaf("taxonomy/knowledge/harbours/elsewhere", elsewhere)
    grown.commit("documents in another repository")

    def no_network(*_: object, **__: object) -> None:
        raise AssertionError("status must work offline")

    with monkeypatch.context() as offline:
        offline.setattr(socket, "getaddrinfo", no_network)
        found = run_seedbed("status")
    assert found.exit_code == 0, found.errors
    assert "knowledge/harbours/elsewhere" in found.output
    assert "no samples; its documents are not fetched yet" in found.output
    tried = run_seedbed("generate", "--leaf", "knowledge/harbours/elsewhere", "--dry-run")
    assert "fetching the documents of 1 leaf" in tried.errors and "example.invalid" in tried.errors
