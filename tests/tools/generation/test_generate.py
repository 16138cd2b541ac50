"""The laws of generation, on a real repository and a real store."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from support.scripted_teacher import Killed, ScriptedTeacher, prompt_text
from support.small_taxonomy import FREEFORM, GROUNDED, KNOWLEDGE, LEAVES, freeform_leaf, small_taxonomy

from seedbed.generation.funnel import Funnel, Loss
from seedbed.generation.generate import generate
from seedbed.generation.held_out import split_seeds
from seedbed.generation.leaf_outcome import LeafOutcome, Outcome
from seedbed.generation.leaf_sources import read_sources
from seedbed.generation.normalise import normalised
from seedbed.generation.read_recipe import load_recipe
from seedbed.generation.recipe import GenerationRecipe, with_samples
from seedbed.generation.sample import Sample, Stage
from seedbed.generation.seed import leaf_seeds
from seedbed.generation.store import SampleStore
from seedbed.taxonomy.repository import Repository
from seedbed.teacher.journal import Journal, JournaledTeacher
from seedbed.teacher.teacher import FinishReason, Request, Teacher


@pytest.fixture
def recipe() -> GenerationRecipe:
    return with_samples(load_recipe("sandbox"), 12)


def run(
    root: Path, store: Path, teacher: Teacher, recipe: GenerationRecipe, *, in_flight: int | None = None
) -> tuple[LeafOutcome, ...]:
    repository = Repository.open(root)
    sources = read_sources(repository, commit=repository.head(), taxonomy_root="taxonomy")
    return asyncio.run(
        generate(sources, recipe=recipe, teacher=teacher, store=SampleStore.open(store), in_flight=in_flight)
    )


def samples_of(store: Path, name: str) -> tuple[Sample, ...]:
    opened = SampleStore.open(store)
    stored = [opened.describe(key) for key in sorted(opened.keys())]
    return tuple(sample for one in stored if one.making.leaf == name for sample in opened.read(one.key))


def bytes_of(store: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((store / "samples").iterdir())}


def test_every_kind_of_leaf_grows(tmp_path: Path, recipe: GenerationRecipe) -> None:
    small_taxonomy(tmp_path / "repository")
    outcomes = run(tmp_path / "repository", tmp_path / "store", ScriptedTeacher(), recipe)
    assert [(outcome.name, outcome.outcome) for outcome in outcomes] == [
        (name, Outcome.GENERATED) for name in LEAVES
    ]
    turned = samples_of(tmp_path / "store", FREEFORM)
    assert {sample.stage for sample in turned} == {Stage.FOUNDATIONAL}
    assert len([sample for sample in turned if sample.provenance.teacher.backend == "scripted"]) == 12
    assert all(
        sample.answer == ", ".join(reversed(sample.question.removeprefix("Turn around: ").split(", ")))
        for sample in turned
    )
    read = samples_of(tmp_path / "store", GROUNDED)
    assert all(
        sample.question.startswith("Name: ") and "\n\nWhat is the" in sample.question for sample in read
    )
    known = samples_of(tmp_path / "store", KNOWLEDGE)
    assert {sample.stage for sample in known} == {Stage.KNOWLEDGE_SHORT, Stage.KNOWLEDGE_LONG}
    grown = [sample for sample in known if sample.provenance.document_path]
    assert grown and all("kept by" not in sample.question for sample in grown)  # closed-book
    assert {sample.provenance.passage.line for sample in grown if sample.provenance.passage} == {1, 8, 12}


def test_a_funnel_adds_up(tmp_path: Path, recipe: GenerationRecipe) -> None:
    small_taxonomy(tmp_path / "repository")
    for outcome in run(tmp_path / "repository", tmp_path / "store", ScriptedTeacher(), recipe):
        for funnel in outcome.funnels.values():
            assert funnel.asked == funnel.kept + sum(funnel.lost.values())
        kept = sum(
            sample.provenance.teacher.backend == "scripted"
            for sample in samples_of(tmp_path / "store", outcome.name)
        )
        assert outcome.total.kept == kept


def test_a_second_run_asks_nothing(tmp_path: Path, recipe: GenerationRecipe) -> None:
    small_taxonomy(tmp_path / "repository")
    run(tmp_path / "repository", tmp_path / "store", ScriptedTeacher(), recipe)
    again = ScriptedTeacher()
    outcomes = run(tmp_path / "repository", tmp_path / "store", again, recipe)
    assert again.requests == []
    assert {outcome.outcome for outcome in outcomes} == {Outcome.STORED}


def test_a_lost_store_is_made_again_from_the_journal_alone(tmp_path: Path, recipe: GenerationRecipe) -> None:
    small_taxonomy(tmp_path / "repository")

    def journaled(store: str) -> int:
        async def all_of_it() -> int:
            teacher = JournaledTeacher(ScriptedTeacher(), Journal.open(tmp_path / "journal.sqlite"))
            repository = Repository.open(tmp_path / "repository")
            sources = read_sources(repository, commit=repository.head(), taxonomy_root="taxonomy")
            await generate(sources, recipe=recipe, teacher=teacher, store=SampleStore.open(tmp_path / store))
            await teacher.close()
            return teacher.asked

        return asyncio.run(all_of_it())

    assert journaled("first") > 0
    assert journaled("second") == 0
    assert bytes_of(tmp_path / "first") == bytes_of(tmp_path / "second")


def test_editing_a_leaf_regenerates_it_alone(tmp_path: Path, recipe: GenerationRecipe) -> None:
    builder = small_taxonomy(tmp_path / "repository")
    run(tmp_path / "repository", tmp_path / "store", ScriptedTeacher(), recipe)
    before = bytes_of(tmp_path / "store")
    builder.write_leaf(f"taxonomy/{FREEFORM}", freeform_leaf("Turn words around."))
    builder.commit("edit")
    outcomes = run(tmp_path / "repository", tmp_path / "store", ScriptedTeacher(), recipe)
    assert {o.name: o.outcome for o in outcomes} == {
        FREEFORM: Outcome.GENERATED,
        GROUNDED: Outcome.STORED,
        KNOWLEDGE: Outcome.STORED,
    }
    after = bytes_of(tmp_path / "store")
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + 2  # one table, one record


@pytest.mark.parametrize("in_flight", [2, 64])
def test_concurrency_changes_no_byte(tmp_path: Path, recipe: GenerationRecipe, in_flight: int) -> None:
    small_taxonomy(tmp_path / "repository")
    alone = ScriptedTeacher()
    run(tmp_path / "repository", tmp_path / "alone", alone, recipe, in_flight=1)
    many = ScriptedTeacher(shuffle=True)
    run(tmp_path / "repository", tmp_path / "many", many, recipe, in_flight=in_flight)
    assert alone.most_in_flight == 1 < many.most_in_flight <= in_flight
    assert bytes_of(tmp_path / "alone") == bytes_of(tmp_path / "many")


def test_an_interruption_anywhere_changes_no_byte(tmp_path: Path, recipe: GenerationRecipe) -> None:
    small_taxonomy(tmp_path / "repository")
    whole = ScriptedTeacher()
    run(tmp_path / "repository", tmp_path / "whole", whole, recipe)
    for stop in range(1, len(whole.requests), max(1, len(whole.requests) // 12)):
        store = tmp_path / f"stopped-{stop}"
        with pytest.raises(Killed):
            run(tmp_path / "repository", store, ScriptedTeacher(fail_at=stop), recipe)
        run(tmp_path / "repository", store, ScriptedTeacher(shuffle=True), recipe)
        assert bytes_of(store) == bytes_of(tmp_path / "whole")


@pytest.mark.parametrize("name", LEAVES)
def test_held_out_seeds_are_in_no_request(tmp_path: Path, recipe: GenerationRecipe, name: str) -> None:
    small_taxonomy(tmp_path / "repository")
    repository = Repository.open(tmp_path / "repository")
    sources = read_sources(repository, commit=repository.head(), taxonomy_root="taxonomy", names=[name])
    assert sources[0].leaf is not None
    held_out = split_seeds(leaf_seeds(sources[0].leaf), recipe.held_out.seeds).held_out
    assert held_out
    leaked = {normalised(seed.identity): seed.identity for seed in held_out}

    def parrot(request: Request) -> str | None:
        """A teacher that knows the held-out questions and writes them whenever it is asked for a question."""
        first = request.messages[-1].content.startswith(("More", "Ask"))
        word = "Please: " if request.seed % 4 == 1 else ""
        return (
            word + list(leaked.values())[request.seed % len(leaked)] if first and request.seed % 2 else None
        )

    teacher = ScriptedTeacher(override=parrot)
    store = SampleStore.open(tmp_path / "store")
    outcomes = asyncio.run(generate(sources, recipe=recipe, teacher=teacher, store=store))
    shown = [normalised(prompt_text(request)) for request in teacher.requests]
    assert shown and not any(text in prompt for text in leaked for prompt in shown)
    assert outcomes[0].total.lost[Loss.SEED_COPY] > 0
    samples = samples_of(tmp_path / "store", name)
    assert {normalised(sample.question) for sample in samples if not sample.held_out}.isdisjoint(leaked)
    assert {normalised(sample.question) for sample in samples if sample.held_out} >= set(leaked)


def test_bad_answers_are_counted_and_stop_nothing(tmp_path: Path, recipe: GenerationRecipe) -> None:
    small_taxonomy(tmp_path / "repository")
    reasons = [FinishReason.LENGTH, FinishReason.REFUSED, FinishReason.FAILED, "  ", None]

    def poor(request: Request) -> str | FinishReason | None:
        if request.temperature == 0.5 and request.seed % 3 == 0:
            return "something else"
        return reasons[request.seed % 5] if request.temperature > 0.5 else None  # questions alone

    outcomes = run(tmp_path / "repository", tmp_path / "store", ScriptedTeacher(override=poor), recipe)
    turned = next(outcome for outcome in outcomes if outcome.name == FREEFORM)
    for loss in (Loss.CUT_OFF, Loss.REFUSED, Loss.FAILED, Loss.EMPTY, Loss.ANSWERS_DIFFER):
        assert turned.total.lost[loss] > 0
    assert turned.total.kept > 0
    assert sum(turned.total.unanswered.values()) >= turned.total.lost[Loss.FAILED]
    assert Funnel.from_json(turned.total.to_json()) == turned.total


def test_unknown_words_and_failed_entrance_refuse_a_leaf_alone(
    tmp_path: Path, recipe: GenerationRecipe
) -> None:
    small_taxonomy(tmp_path / "repository")

    def no_cards(request: Request) -> str | None:
        return "wrong" if request.messages[-1].content.startswith("Name: ") else None

    teacher = ScriptedTeacher(unknown=("quilt",), override=no_cards)
    outcomes = {
        outcome.name: outcome for outcome in run(tmp_path / "repository", tmp_path / "store", teacher, recipe)
    }
    assert outcomes[KNOWLEDGE].outcome is Outcome.GENERATED
    assert outcomes[FREEFORM].outcome is Outcome.REFUSED and "'quilt'" in outcomes[FREEFORM].reason
    assert outcomes[GROUNDED].outcome is Outcome.REFUSED and "training seeds" in outcomes[GROUNDED].reason
    assert len(SampleStore.open(tmp_path / "store").keys()) == 1


def test_an_unreadable_leaf_stops_no_other(tmp_path: Path, recipe: GenerationRecipe) -> None:
    builder = small_taxonomy(tmp_path / "repository")
    builder.write_leaf("taxonomy/compositional_skills/broken", "version: 3\nseed_examples: [\n")
    builder.remove(f"taxonomy/{KNOWLEDGE}/harbour.md")
    builder.commit("break")
    outcomes = run(tmp_path / "repository", tmp_path / "store", ScriptedTeacher(), recipe)
    states = {outcome.name: outcome.outcome for outcome in outcomes}
    assert states["compositional_skills/broken"] is Outcome.UNREADABLE
    assert states[KNOWLEDGE] is Outcome.UNREADABLE
    assert states[FREEFORM] is states[GROUNDED] is Outcome.GENERATED


def test_a_teacher_whose_answers_cannot_be_used_leaves_its_leaves_to_do(
    tmp_path: Path, recipe: GenerationRecipe
) -> None:
    small_taxonomy(tmp_path / "repository")
    path = tmp_path / "journal.sqlite"

    def ask(teacher: ScriptedTeacher, *, retry_failed: bool = False) -> tuple[set[Outcome], int]:
        journaled = JournaledTeacher(teacher, Journal.open(path), retry_failed=retry_failed)
        outcomes = run(tmp_path / "repository", tmp_path / "store", journaled, recipe)
        asyncio.run(journaled.close())
        if Outcome.FAILED in {outcome.outcome for outcome in outcomes}:
            assert all("none gave a sample" in outcome.reason for outcome in outcomes)
            assert list(SampleStore.open(tmp_path / "store").keys()) == []
        return {outcome.outcome for outcome in outcomes}, journaled.asked

    broken = ScriptedTeacher(override=lambda request: FinishReason.FAILED if request.temperature else None)
    assert ask(broken)[0] == {Outcome.FAILED}
    assert ask(ScriptedTeacher())[0] == {Outcome.FAILED}  # what was paid for is not asked for again unasked
    mended, asked = ask(ScriptedTeacher(), retry_failed=True)
    assert mended == {Outcome.GENERATED}
    assert asked > 0
    run(tmp_path / "repository", tmp_path / "calm", ScriptedTeacher(), recipe)
    assert bytes_of(tmp_path / "store") == bytes_of(tmp_path / "calm")
