"""Seeds of a whole branch: what they bring into prompts and keys, and what they must not."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.repositories import RepositoryBuilder
from support.scripted_teacher import ScriptedTeacher, prompt_text
from support.small_taxonomy import FREEFORM, GROUNDED, small_taxonomy

from seedbed.errors import ConfigurationError
from seedbed.generation.generate import generate
from seedbed.generation.held_out import split_seeds
from seedbed.generation.leaf_outcome import LeafOutcome, Outcome
from seedbed.generation.leaf_sources import LeafSource, read_sources
from seedbed.generation.read_recipe import load_recipe
from seedbed.generation.recipe import SeedSource, with_samples
from seedbed.generation.seed import leaf_seeds
from seedbed.generation.seed_pool import SeedPool
from seedbed.generation.store import SampleStore
from seedbed.taxonomy.leaf import Kind
from seedbed.taxonomy.repository import Repository
from seedbed.teacher.teacher import Request

POOLED = with_samples(load_recipe("pooled"), 3)
OTHER = "foundational_skills/sums/add"
_SUMS = "".join(
    f'  - question: "Add {number} and {number * 3}"\n    answer: "{number * 4}"\n' for number in range(2, 9)
)
SUMS = f"version: 3\ncreated_by: robin\ntask_description: Add two numbers.\nseed_examples:\n{_SUMS}"


@pytest.fixture
def builder(tmp_path: Path) -> RepositoryBuilder:
    made = small_taxonomy(tmp_path / "repository")
    made.write_leaf(f"taxonomy/{OTHER}", SUMS)
    made.commit("a second leaf of the branch")
    return made


def sources_of(builder: RepositoryBuilder) -> tuple[LeafSource, ...]:
    repository = Repository.open(builder.path)
    return read_sources(repository, commit=repository.head(), taxonomy_root="taxonomy")


def pool_of(sources: tuple[LeafSource, ...]) -> SeedPool:
    leaves = (source.leaf for source in sources if source.leaf is not None)
    return SeedPool.of(leaves, held_out=POOLED.held_out.seeds)


def says(request: Request) -> str | None:
    if request.choices:
        return None
    words = f"Some text about number {request.seed} and {request.seed % 97}"
    if request.json_schema is None:
        return words
    passage = prompt_text(request).split(" ===\n", 1)[1].split("\n=== end", 1)[0].rsplit("\n\n", 1)[-1]
    return json.dumps({"quote": passage, "answer": words})


def run(builder: RepositoryBuilder, store: Path, teacher: ScriptedTeacher) -> dict[str, LeafOutcome]:
    sources = sources_of(builder)
    outcomes = asyncio.run(
        generate(
            sources, recipe=POOLED, teacher=teacher, store=SampleStore.open(store), pool=pool_of(sources)
        )
    )
    return {outcome.name: outcome for outcome in outcomes}


def test_a_pool_holds_the_training_seeds_of_a_branch_and_kind(builder: RepositoryBuilder) -> None:
    sources = sources_of(builder)
    pool = pool_of(sources)
    leaves = {source.name: source.leaf for source in sources if source.leaf is not None}
    mine = pool.for_leaf(leaves[FREEFORM])
    assert mine == pool.for_leaf(leaves[OTHER]) and mine != pool.for_leaf(leaves[GROUNDED])
    for name in (FREEFORM, OTHER):
        split = split_seeds(leaf_seeds(leaves[name]), POOLED.held_out.seeds)
        assert set(split.training) <= set(mine) and split.held_out and set(split.held_out).isdisjoint(mine)
    assert {seed.kind for seed in mine} == {Kind.FREEFORM}
    assert pool_of(sources[::-1]).digest(leaves[FREEFORM]) == pool.digest(leaves[FREEFORM])


def test_prompts_show_seeds_of_other_leaves_and_no_task(builder: RepositoryBuilder, tmp_path: Path) -> None:
    teacher = ScriptedTeacher(override=says)
    outcomes = run(builder, tmp_path / "store", teacher)
    assert all(outcome.total.kept > 0 for outcome in outcomes.values())
    asked = [prompt_text(one) for one in teacher.requests if "Above are requests" in prompt_text(one)]
    assert any("Turn around" in text and "Add " in text for text in asked)
    shown = [prompt_text(one) for one in teacher.requests]
    assert not any("Turn a list of words around" in text or "Task:" in text for text in shown)


def test_editing_a_leaf_changes_the_keys_of_its_branch_and_kind_alone(
    builder: RepositoryBuilder, tmp_path: Path
) -> None:
    first = run(builder, tmp_path / "store", ScriptedTeacher(override=says))
    again = run(builder, tmp_path / "store", ScriptedTeacher(override=says))
    assert {outcome.outcome for outcome in again.values()} == {Outcome.STORED}
    builder.write_leaf(f"taxonomy/{OTHER}", SUMS.replace("Add ", "Sum up "))
    builder.commit("edit one")
    third = run(builder, tmp_path / "store", ScriptedTeacher(override=says))
    changed = {name for name in third if third[name].key != first[name].key}
    assert changed == {FREEFORM, OTHER}
    stored = SampleStore.open(tmp_path / "store").describe(third[FREEFORM].key or "")
    assert stored.making.pool and stored.making.key == stored.key


def test_leaf_local_keys_know_no_pool(builder: RepositoryBuilder, tmp_path: Path) -> None:
    recipe = replace(POOLED, seeds_from=SeedSource.LEAF)
    everything = sources_of(builder)
    sources = tuple(source for source in everything if source.name == FREEFORM)
    keys = set()
    for number, pool in enumerate((None, pool_of(everything))):
        store = SampleStore.open(tmp_path / str(number))
        teacher = ScriptedTeacher(override=says)
        (outcome,) = asyncio.run(generate(sources, recipe=recipe, teacher=teacher, store=store, pool=pool))
        keys.add(outcome.key)
    assert len(keys) == 1


def test_a_pool_that_is_not_there_is_said(builder: RepositoryBuilder, tmp_path: Path) -> None:
    store = SampleStore.open(tmp_path / "store")
    with pytest.raises(ConfigurationError, match="whole branches") as caught:
        asyncio.run(generate(sources_of(builder), recipe=POOLED, teacher=ScriptedTeacher(), store=store))
    assert "lab" in (caught.value.hint or "")
