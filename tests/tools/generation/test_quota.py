"""A quota that the passages of a leaf owe together: who gives fewer is made up for by those that have attempts left."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from support.scripted_teacher import Killed, ScriptedTeacher, prompt_text
from support.small_taxonomy import KNOWLEDGE, small_taxonomy

from seedbed.generation.funnel import Funnel, Loss
from seedbed.generation.generate import generate
from seedbed.generation.leaf_outcome import LeafOutcome
from seedbed.generation.leaf_sources import read_sources
from seedbed.generation.read_recipe import load_recipe
from seedbed.generation.recipe import GenerationRecipe, Quota, with_samples
from seedbed.generation.sample import Sample
from seedbed.generation.store import SampleStore
from seedbed.taxonomy.repository import Repository
from seedbed.teacher.teacher import Request

EACH, BUDGET, PASSAGES = 6, 24, 3
POOR = "The old crane"


def recipe(quota: Quota) -> GenerationRecipe:
    made = with_samples(load_recipe("sandbox"), EACH)
    streams = {
        name: replace(getattr(made, name), quota=quota, attempts=BUDGET)
        for name in ("knowledge_short", "knowledge_long")
    }
    return replace(made, **streams)


def poor_crane(request: Request) -> str | None:
    """Of the crane there is one thing to ask, of the others a hundred."""
    prompt = request.messages[-1].content
    if not prompt.startswith(("Ask about this:", "Ask for a sentence about this:")):
        return None
    thing = next(one for one in (POOR, "The north pier", "The south ramp") if one in prompt)
    number = 0 if thing == POOR else Random(request.seed).randrange(100)
    return f"Sign {number} says who keeps it. Name the keeper of {thing.lower()}."


def run(root: Path, store: Path, teacher: ScriptedTeacher, made: GenerationRecipe) -> LeafOutcome:
    repository = Repository.open(root)
    [source] = read_sources(repository, commit=repository.head(), taxonomy_root="taxonomy", names=[KNOWLEDGE])
    [outcome] = asyncio.run(generate([source], recipe=made, teacher=teacher, store=SampleStore.open(store)))
    return outcome


def generated(store: Path) -> list[Sample]:
    opened = SampleStore.open(store)
    keys = opened.keys()
    return [one for key in keys for one in opened.read(key) if "attempt" in one.provenance.parameters]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    small_taxonomy(tmp_path / "repository")
    return tmp_path / "repository"


def lines(samples: list[Sample]) -> Counter[int]:
    return Counter(one.provenance.passage.line for one in samples if one.provenance.passage)


def test_richer_passages_make_up_for_a_poor_one(root: Path, tmp_path: Path) -> None:
    alone = run(root, tmp_path / "alone", ScriptedTeacher(override=poor_crane), recipe(Quota.PASSAGE))
    shared = run(root, tmp_path / "shared", ScriptedTeacher(override=poor_crane), recipe(Quota.LEAF))
    for stage, funnel in shared.funnels.items():
        assert funnel.wanted == EACH * PASSAGES == funnel.kept
        assert alone.funnels[stage].missing == EACH - 1
        assert funnel.asked == funnel.kept + sum(funnel.lost.values())
    by_passage = lines(generated(tmp_path / "shared"))
    made_up = [3, 2]  # of the five that the crane misses in each stage; the first passage takes what is over
    assert sorted(by_passage.values()) == [2, *sorted(2 * (EACH + each) for each in made_up)]


def test_what_needs_no_making_up_is_as_it_was(root: Path, tmp_path: Path) -> None:
    def rich(request: Request) -> str | None:
        found = poor_crane(request)
        return found and found.replace("Sign 0 ", f"Sign {Random(request.seed).randrange(100)} ")

    made = {
        quota: run(root, tmp_path / quota, ScriptedTeacher(override=rich), recipe(quota)) for quota in Quota
    }
    assert made[Quota.LEAF].funnels == made[Quota.PASSAGE].funnels
    told = [
        [(one.stage, one.messages, one.held_out) for one in generated(tmp_path / quota)] for quota in Quota
    ]
    assert told[0] == told[1] and len(told[0]) == 2 * EACH * PASSAGES


def test_no_budget_is_exceeded_where_all_passages_are_poor(root: Path, tmp_path: Path) -> None:
    def poor(request: Request) -> str | None:
        found = poor_crane(request)
        return found and "Sign 0 says who keeps it. Name the keeper."  # the same question of every passage

    outcome = run(root, tmp_path / "store", ScriptedTeacher(override=poor), recipe(Quota.LEAF))
    for funnel in outcome.funnels.values():
        assert funnel.asked <= BUDGET * PASSAGES
        assert funnel.missing > 0


@pytest.mark.parametrize("in_flight", [1, 40])
def test_order_and_interruption_change_no_byte(root: Path, tmp_path: Path, in_flight: int) -> None:
    def bytes_of(store: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted((store / "samples").iterdir())}

    whole = ScriptedTeacher(override=poor_crane, concurrency=in_flight)
    run(root, tmp_path / "whole", whole, recipe(Quota.LEAF))
    shuffled = ScriptedTeacher(override=poor_crane, shuffle=True, concurrency=7)
    run(root, tmp_path / "shuffled", shuffled, recipe(Quota.LEAF))
    assert bytes_of(tmp_path / "whole") == bytes_of(tmp_path / "shuffled")
    assert len({prompt_text(request) for request in whole.requests}) > BUDGET
    stop = len(whole.requests) - 3  # in the midst of making up
    with pytest.raises(Killed):
        run(root, tmp_path / "killed", ScriptedTeacher(override=poor_crane, fail_at=stop), recipe(Quota.LEAF))
    run(root, tmp_path / "killed", ScriptedTeacher(override=poor_crane, shuffle=True), recipe(Quota.LEAF))
    assert bytes_of(tmp_path / "killed") == bytes_of(tmp_path / "whole")


def test_surplus_is_used_before_anything_is_asked(root: Path, tmp_path: Path) -> None:
    outcome = run(root, tmp_path / "store", ScriptedTeacher(override=poor_crane), recipe(Quota.LEAF))
    total = sum(outcome.funnels.values(), Funnel())
    assert all(count >= 0 for count in total.lost.values())
    crane = total.lost[Loss.REPEATED]
    assert crane >= 2 * (BUDGET - 1)  # the poor passage spent its whole budget
