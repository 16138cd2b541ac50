"""Incremental equals from scratch: after any history of a taxonomy the store holds what a new one would, byte for byte.

SEEDBED_HISTORIES=200 tries all that the project promises.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from random import Random

import pytest
from support.repositories import RepositoryBuilder
from support.scripted_teacher import ScriptedTeacher
from support.small_taxonomy import (
    FREEFORM,
    GROUNDED,
    HARBOUR,
    KNOWLEDGE,
    freeform_leaf,
    grounded_leaf,
    knowledge_leaf,
    small_taxonomy,
)

from seedbed.generation.generate import generate
from seedbed.generation.leaf_entries import LeafEntry, leaf_entries
from seedbed.generation.leaf_outcome import LeafOutcome, Outcome
from seedbed.generation.leaf_sources import read_sources
from seedbed.generation.project import chosen
from seedbed.generation.read_recipe import load_recipe
from seedbed.generation.recipe import with_samples
from seedbed.generation.status import taxonomy_status
from seedbed.generation.store import SampleStore
from seedbed.generation.stored_already import stored_already
from seedbed.taxonomy.repository import Repository

HISTORIES = int(os.environ.get("SEEDBED_HISTORIES", "6"))
STEPS = 5
RECIPE = with_samples(load_recipe("sandbox"), 3)
BRANCHES = ("foundational_skills/words", "compositional_skills/cards", "knowledge/harbours")


def needed(repository: Repository, store: SampleStore) -> list[str]:
    """The leaves that `seedbed generate` would look at."""
    statuses = taxonomy_status(
        repository,
        commit=repository.head(),
        taxonomy_root="taxonomy",
        releases=(),
        store=store,
        recipe_digest=RECIPE.digest,
    )
    picked = chosen(statuses, names=(), everything=False, store=store)
    stored = stored_already(picked, RECIPE, ScriptedTeacher().identity, 0)
    return [status.name for status in picked if status.name not in stored]


def grow(repository: Repository, store: SampleStore, names: list[str]) -> tuple[LeafOutcome, ...]:
    sources = read_sources(repository, commit=repository.head(), taxonomy_root="taxonomy", names=names)
    return asyncio.run(generate(sources, recipe=RECIPE, teacher=ScriptedTeacher(shuffle=True), store=store))


def change(builder: RepositoryBuilder, random: Random, number: int) -> None:
    """Add, edit, rename or remove a leaf, or edit a document."""
    taxonomy = builder.path / "taxonomy"
    leaves = sorted(path.parent for path in taxonomy.rglob("qna.yaml"))
    what = random.choice(("add", "edit", "rename", "remove", "document"))
    leaf = random.choice(leaves) if leaves else None
    if what == "add" or leaf is None:
        branch = random.randrange(3)
        folder = f"taxonomy/{BRANCHES[branch]}/new_{number}"
        builder.write_leaf(folder, (freeform_leaf, grounded_leaf, knowledge_leaf)[branch]())
        if branch == 2:
            builder.write(f"{folder}/harbour.md", HARBOUR)
    elif what == "edit":
        qna = leaf / "qna.yaml"
        text = qna.read_text()
        asked = "document_outline: The" if "document_outline" in text else "task_description: "
        qna.write_text(text.replace(asked, f"{asked} again", 1))
    elif what == "rename":
        shutil.move(leaf, leaf.with_name(f"moved_{number}"))
    elif what == "remove":
        shutil.rmtree(leaf)
    else:
        for document in sorted(taxonomy.rglob("*.md"))[:1]:
            document.write_text(document.read_text() + f"\nThe pier number {number} is made of iron.\n")


def bytes_of(store: Path, keys: set[str]) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for path in sorted((store / "samples").glob("*"))
        if path.name.partition(".")[0] in keys
    }


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_incremental_equals_from_scratch(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    builder = small_taxonomy(tmp_path / "repository")
    repository = Repository.open(builder.path)
    store = SampleStore.open(tmp_path / "store")
    for number in range(STEPS):
        grow(repository, store, needed(repository, store))
        assert needed(repository, store) == []
        change(builder, random, number)
        builder.commit(f"change {number}")
    grow(repository, store, needed(repository, store))
    scratch = SampleStore.open(tmp_path / "scratch")
    entries = leaf_entries(repository, commit=repository.head(), taxonomy_root="taxonomy")
    outcomes = grow(repository, scratch, [entry.name for entry in entries])
    keys = {outcome.key for outcome in outcomes if outcome.key}
    assert {outcome.outcome for outcome in outcomes} <= {Outcome.GENERATED, Outcome.STORED}
    assert bytes_of(tmp_path / "store", keys) == bytes_of(tmp_path / "scratch", keys)
    remembered = repository.cache_folder
    assert list(remembered.glob("entries-*"))
    shutil.rmtree(remembered)
    anew = leaf_entries(repository, commit=repository.head(), taxonomy_root="taxonomy")
    assert [_known(entry) for entry in entries] == [_known(entry) for entry in anew]


def _known(entry: LeafEntry) -> tuple[object, ...]:
    """What counts of an entry; a leaf that nobody had to read has no kind."""
    return entry.name, entry.path, entry.blob, entry.document_blobs, entry.problem, entry.fetched


def test_only_what_differs_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builder = small_taxonomy(tmp_path)
    repository = Repository.open(tmp_path)
    leaf_entries(repository, commit=repository.head(), taxonomy_root="taxonomy")
    builder.write(f"taxonomy/{KNOWLEDGE}/harbour.md", HARBOUR + "\nMore.\n")
    builder.write_leaf(f"taxonomy/{GROUNDED}", grounded_leaf().replace("version: 3", "version: 3\n"))
    builder.commit("a document and a leaf")
    read: list[str] = []
    from seedbed.generation import leaf_entries as module

    original = module.read_source
    monkeypatch.setattr(module, "read_source", lambda *a, **k: read.append(a[1].path) or original(*a, **k))
    leaf_entries(repository, commit=repository.head(), taxonomy_root="taxonomy")
    assert sorted(read) == sorted([f"taxonomy/{GROUNDED}/qna.yaml", f"taxonomy/{KNOWLEDGE}/qna.yaml"])
    index = next(repository.cache_folder.glob("entries-*"))
    index.write_bytes(b"damaged")
    assert len(leaf_entries(repository, commit=repository.head(), taxonomy_root="taxonomy")) == 3
    assert FREEFORM in {
        e.name for e in leaf_entries(repository, commit=repository.head(), taxonomy_root="taxonomy")
    }
