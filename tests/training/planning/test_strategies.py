"""Coverage, strategies and revocations: what comes back, and what never does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.training_samples import blob_of, current, made_manifest, made_sample, small_recipe

from seedbed.errors import ConfigurationError, UsageError
from seedbed.generation.revocation import Revocation
from seedbed.generation.sample import Sample, Stage
from seedbed.taxonomy.leaf import Span
from seedbed_training.planning.coverage import buffer_of
from seedbed_training.planning.make_plan import make_plan
from seedbed_training.planning.plan import TrainingPlan, Why
from seedbed_training.planning.plan_file import read_plan, write_plan
from seedbed_training.planning.plan_table import plan_table, step_table
from seedbed_training.planning.sample_table import sample_table

FACTS = 8


def told(leaf: str, fact: int, wording: int) -> Sample:
    """A sample that asks for a fact, which stands in a line of its own, in one of several wordings."""
    sample = made_sample(leaf, f"{wording} of {fact}", stage=Stage.KNOWLEDGE_SHORT, answer=f"answer {fact}")
    place = replace(sample.provenance, document_blob="d" * 40, passage=Span(fact + 1, 1, fact + 1, 9))
    return replace(sample, provenance=place)


SAMPLES: Mapping[str, Sequence[Sample]] = {
    "knowledge/old": [told("knowledge/old", fact, wording) for fact in range(FACTS) for wording in range(3)],
    "skills/old": [made_sample("skills/old", number) for number in range(200)],
    "skills/small": [made_sample("skills/small", number) for number in range(20)],
    "skills/new": [made_sample("skills/new", number) for number in range(400)],
}
OLD = [leaf for leaf in SAMPLES if leaf != "skills/new"]
IDS = {sample.id: sample for found in SAMPLES.values() for sample in found}

LENGTHS = dict.fromkeys(IDS, 10)
TABLE = sample_table(SAMPLES, LENGTHS)


def planned(
    losses: Mapping[str, float] | None = None,
    revocations: Sequence[Revocation] = (),
    leaf_share: float = 0.3,
    **replay: Any,
) -> TrainingPlan:
    recipe = small_recipe(leaf_share=leaf_share, epochs=2)
    return make_plan(
        release="release-2",
        parent=made_manifest(OLD),
        leaves={leaf: current(leaf) for leaf in SAMPLES},
        samples=TABLE if losses is None else sample_table(SAMPLES, LENGTHS, losses),
        recipe=replace(recipe, replay=replace(recipe.replay, **replay)),
        seed=0,
        taxonomy_commit="c" * 40,
        revocations=revocations,
    )


def replayed(plan: TrainingPlan) -> Counter[str]:
    """How often each old sample comes back, over all phases."""
    counts: Counter[str] = Counter()
    for phase in plan.phases:
        for sample in phase.samples:
            if sample.why is Why.LEAF_REPLAY:
                counts[sample.id] += sample.times
    return counts


def by_leaf(plan: TrainingPlan) -> Counter[str]:
    counts: Counter[str] = Counter()
    for identity, times in replayed(plan).items():
        counts[IDS[identity].leaf] += times
    return counts


def facts(identities: Sequence[str]) -> set[str]:
    return {IDS[each].answer for each in identities if IDS[each].leaf == "knowledge/old"}


def test_skill_exemplars_are_capped_and_facts_are_not() -> None:
    back = replayed(planned(skill_exemplars=5))
    kinds = Counter(IDS[identity].leaf for identity in back)
    assert kinds["skills/old"] == kinds["skills/small"] == 5
    assert facts([*back]) == {f"answer {fact}" for fact in range(FACTS)}


def test_of_each_fact_so_many_samples_and_one_of_every_fact_before_a_second_of_any() -> None:
    back = replayed(planned(samples_per_fact=1))
    assert sum(IDS[identity].leaf == "knowledge/old" for identity in back) == FACTS
    assert len(facts([*back])) == FACTS
    few = list(replayed(planned(samples_per_fact=2, leaf_share=0.08)))
    kept = [IDS[each].answer for each in few if IDS[each].leaf == "knowledge/old"]
    assert len({*kept}) == min(len(kept), FACTS)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.01, 1.0))
def test_coverage_is_a_share_of_the_facts_whatever_the_share_of_tokens(coverage: float) -> None:
    few = replayed(planned(knowledge_coverage=coverage))
    kept = facts([*few])
    assert len(kept) == -(-FACTS * coverage // 1)
    assert facts([*replayed(planned(knowledge_coverage=coverage, leaf_share=0.5))]) == kept


@pytest.mark.parametrize(
    ("count", "share", "part"), [(100, 0.07, 7), (100, 0.071, 8), (3, 0.1, 1), (30, 1.0, 30)]
)
def test_a_share_of_facts_is_as_many_as_one_would_reckon(count: int, share: float, part: int) -> None:
    samples = [
        replace(made_sample("knowledge/old", number, stage=Stage.KNOWLEDGE_SHORT), held_out=False)
        for number in range(count)
    ]
    table = sample_table({"knowledge/old": samples}, {sample.id: 7 for sample in samples})
    assert len(set(table.fact.tolist())) == count
    recipe = replace(small_recipe().replay, knowledge_coverage=share)
    assert len(buffer_of(range(count), table, recipe, seed="s")) == part


def test_the_minimum_per_leaf_goes_before_coverage() -> None:
    kinds = Counter(IDS[each].leaf for each in replayed(planned(skill_exemplars=1, minimum_per_leaf=7)))
    assert kinds["skills/old"] >= 7


def test_tempered_lies_between_balanced_and_uniform() -> None:
    ratios = {}
    for strategy in ("balanced", "tempered", "uniform"):
        seen = by_leaf(planned(strategy=strategy))
        ratios[strategy] = seen["skills/old"] / seen["skills/small"]
    assert ratios["balanced"] == pytest.approx(1, rel=0.1)
    assert ratios["tempered"] == pytest.approx(10**0.5, rel=0.2)
    assert ratios["uniform"] == pytest.approx(10, rel=0.2)


def test_surprise_brings_back_what_the_model_finds_hardest() -> None:
    losses = {identity: float(number) for number, identity in enumerate(sorted(IDS))}
    back = replayed(planned(losses, strategy="surprise", leaf_share=0.1))
    own = [identity for identity in losses if IDS[identity].leaf == "skills/old"]
    shown = [identity for identity in back if IDS[identity].leaf == "skills/old"]
    assert sorted(shown) == sorted(own, key=losses.__getitem__)[-len(shown) :]
    hard = {identity: 9.0 if IDS[identity].leaf == "skills/small" else 1.0 for identity in IDS}
    seen = by_leaf(planned(hard, strategy="surprise"))
    assert seen["skills/small"] > 2 * seen["skills/old"] > 0
    with pytest.raises(ConfigurationError, match="no losses were given"):
        planned(strategy="surprise")


def test_the_bounds() -> None:
    assert not replayed(planned(strategy="none"))
    joint = replayed(planned(strategy="joint"))
    phases = {phase.recipe.name: phase for phase in planned(strategy="joint").phases}
    skills = [identity for identity, sample in IDS.items() if sample.leaf in ("skills/old", "skills/small")]
    assert joint == dict.fromkeys(skills, 2)  # as often as fresh ones: twice, in the phase that taught them
    assert not phases["knowledge_short"].steps


@pytest.mark.parametrize("leaf", OLD)
def test_a_revoked_leaf_never_comes_back(leaf: str) -> None:
    revocation = Revocation(leaf, (blob_of(leaf),), "withdrawn", ("release-1",))
    plan = planned(revocations=[revocation], minimum_per_leaf=3)
    assert leaf not in by_leaf(plan)
    assert (plan.revoked, plan.removed) == ((leaf,), (leaf,))
    assert leaf not in plan.blobs
    assert f"revoked (1): {leaf}" in plan_table(plan)
    assert "removed (" not in plan_table(plan)  # a leaf is told once


def test_a_revoked_text_is_not_taught_under_another_name() -> None:
    revocation = Revocation("skills/gone", (blob_of("skills/new"),), "withdrawn", ())
    plan = planned(revocations=[revocation])
    assert plan.fresh == ()
    assert plan.revoked == ("skills/new",)
    assert not any(phase.steps for phase in plan.phases)


def test_a_revocation_reads_back_and_a_broken_one_is_refused() -> None:
    made = Revocation("knowledge/a.b/c", ("b" * 40,), "why", ("release-1",))
    assert Revocation.from_json(made.to_json(), source="r") == made
    assert made.file_name == "knowledge.a%2Eb.c.json"
    for text in ("", "[]", "{}", made.to_json().replace('"version": 1', '"version": 2')):
        with pytest.raises(ConfigurationError, match="r is not a revocation"):
            Revocation.from_json(text, source="r")


def test_the_samples_of_a_step(tmp_path: Path) -> None:
    plan = planned()
    write_plan(plan, tmp_path / "plan")
    lines = step_table(read_plan(tmp_path / "plan"), "skills:2").splitlines()
    phase = plan.phases[-1]
    assert [line.split()[0] for line in lines] == [phase.samples[index].id for index in phase.steps[1]]
    for wrong in ("skills:0", f"skills:{len(phase.steps) + 1}", "skill:1", "skills", "skills:x"):
        with pytest.raises(UsageError, match="has no step"):
            step_table(plan, wrong)
