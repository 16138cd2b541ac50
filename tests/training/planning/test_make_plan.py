"""Laws of the plan: what may come back, how much of it, and in which order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.training_samples import current, made_manifest, made_sample, small_recipe

from seedbed.generation.release_manifest import Role
from seedbed.generation.sample import Sample, Stage
from seedbed_training.planning.leaf_roles import leaf_roles
from seedbed_training.planning.make_plan import make_plan
from seedbed_training.planning.plan import PhasePlan, TrainingPlan, Why
from seedbed_training.planning.recipe import TrainingRecipe
from seedbed_training.planning.sample_table import sample_table

STAGES = list(Stage)


@dataclass(frozen=True)
class Case:
    """Everything that `make_plan` is given, but for the seed."""

    samples: Mapping[str, Sequence[Sample]]
    tokens: Mapping[str, int]
    old: frozenset[str]  # known to the parent and unchanged
    removed: frozenset[str]  # known to the parent, no longer in the taxonomy
    recipe: TrainingRecipe

    def plan(self, seed: int = 0, *, replay: bool = True) -> TrainingPlan:
        names = [leaf for leaf in self.samples if leaf not in self.removed]
        known = self.old | self.removed
        return make_plan(
            release="release-2",
            parent=made_manifest(known) if known else None,
            leaves={leaf: current(leaf) for leaf in names},
            samples=sample_table(self.samples, self.tokens),
            recipe=self.recipe,
            seed=seed,
            taxonomy_commit="c" * 40,
            replay=replay,
        )

    def sample(self, identity: str) -> Sample:
        return next(
            sample for samples in self.samples.values() for sample in samples if sample.id == identity
        )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    leaves = [f"compositional_skills/leaf_{number}" for number in range(draw(st.integers(1, 6)))]
    samples = {
        leaf: [
            made_sample(
                leaf, number, stage=draw(st.sampled_from(STAGES)), held_out=draw(st.integers(0, 5)) == 0
            )
            for number in range(draw(st.integers(0, 10)))
        ]
        for leaf in leaves
    }
    tokens = {sample.id: draw(st.integers(1, 120)) for found in samples.values() for sample in found}
    part = {leaf: draw(st.sampled_from(["fresh", "old", "removed"])) for leaf in leaves}
    leaf_share = draw(st.sampled_from([0.0, 0.05, 0.2, 0.5]))
    recipe = small_recipe(
        leaf_share=leaf_share,
        phase_share=draw(st.sampled_from([0.0, 0.05, 0.3])),
        minimum_per_leaf=draw(st.integers(0, 3)),
        strategy=draw(st.sampled_from(["balanced", "uniform"])),
        scope=draw(st.sampled_from(["every_phase", "same_phase"])),
        epochs=draw(st.sampled_from([0.5, 1.0, 2.5, 7.0])),
        batch_samples=draw(st.sampled_from([1, 4, 16])),
    )
    return Case(
        samples,
        tokens,
        frozenset(leaf for leaf in leaves if part[leaf] == "old"),
        frozenset(leaf for leaf in leaves if part[leaf] == "removed"),
        recipe,
    )


def tokens_of(phase: PhasePlan, why: Why) -> int:
    return sum(sample.tokens * sample.times for sample in phase.samples if sample.why is why)


def usable(case: Case, leaf: str, stages: Sequence[Stage] = STAGES) -> list[str]:
    return [
        sample.id
        for sample in case.samples[leaf]
        if not sample.held_out and sample.stage in stages and case.tokens[sample.id] <= case.recipe.max_tokens
    ]


@given(cases())
def test_nothing_removed_held_out_or_too_long_is_ever_planned(case: Case) -> None:
    for phase in case.plan().phases:
        for planned in phase.samples:
            sample = case.sample(planned.id)
            assert planned.leaf == sample.leaf
            assert sample.leaf not in case.removed
            assert not sample.held_out
            assert planned.tokens == case.tokens[planned.id] <= case.recipe.max_tokens


@given(cases())
def test_shares_are_approached_from_below(case: Case) -> None:
    replay = case.recipe.replay
    for phase in case.plan().phases:
        if not phase.steps:
            continue
        assert tokens_of(phase, Why.PHASE_REPLAY) <= replay.phase_share * phase.tokens
        above = tokens_of(phase, Why.LEAF_REPLAY) - replay.leaf_share * phase.tokens
        if above > 0:  # then it is the minimum, and nothing more
            seen = Counter({s.leaf: 0 for s in phase.samples})
            for sample in phase.samples:
                if sample.why is Why.LEAF_REPLAY:
                    seen[sample.leaf] += sample.times
            assert max(seen.values()) <= replay.minimum_per_leaf


@given(cases())
def test_steps_show_each_sample_as_often_as_the_table_says(case: Case) -> None:
    for phase in case.plan().phases:
        shown = Counter(index for step in phase.steps for index in step)
        assert shown == Counter({index: sample.times for index, sample in enumerate(phase.samples)})
        sizes = {len(step) for step in phase.steps}
        assert all(0 < size <= case.recipe.batch_samples for size in sizes)
        assert not sizes or max(sizes) - min(sizes) <= 1


@given(cases())
def test_epochs_are_honoured(case: Case) -> None:
    plan = case.plan()
    fresh = [leaf for leaf in case.samples if leaf not in case.old | case.removed]
    for phase in plan.phases:
        expected = [identity for leaf in fresh for identity in usable(case, leaf, phase.recipe.stages)]
        times = {sample.id: sample.times for sample in phase.samples if sample.why is Why.FRESH}
        assert set(times) <= set(expected)
        whole = int(phase.recipe.epochs)
        assert all(whole <= times.get(identity, 0) <= whole + 1 for identity in expected)
        assert sum(times.values()) == whole * len(expected) + round(
            len(expected) * (phase.recipe.epochs - whole)
        )


@given(cases(), st.integers(0, 3))
def test_equal_arguments_give_equal_plans_in_whatever_order_they_come(case: Case, seed: int) -> None:
    backwards = replace(
        case, samples={leaf: list(reversed(case.samples[leaf])) for leaf in reversed(list(case.samples))}
    )
    assert backwards.plan(seed) == case.plan(seed)


@given(cases())
def test_every_unchanged_leaf_with_samples_comes_back_when_there_is_a_minimum(case: Case) -> None:
    if not case.recipe.replay.minimum_per_leaf:
        return
    everywhere = case.recipe.replay.scope == "every_phase"
    for phase in case.plan().phases:
        if not phase.steps:
            continue
        back = {sample.leaf for sample in phase.samples if sample.why is Why.LEAF_REPLAY}
        stages = STAGES if everywhere else phase.recipe.stages
        assert back == {leaf for leaf in case.old if usable(case, leaf, stages)}


@given(cases())
def test_no_old_sample_comes_twice_before_every_other_of_its_leaf_came_once(case: Case) -> None:
    if case.recipe.replay.scope != "every_phase":
        return
    times: Counter[str] = Counter()
    for phase in case.plan().phases:
        times.update({sample.id: sample.times for sample in phase.samples if sample.why is Why.LEAF_REPLAY})
    for leaf in case.old:
        counts = [times[identity] for identity in usable(case, leaf)]
        assert not counts or max(counts) - min(counts) <= 1


@given(cases())
def test_without_replay_no_unchanged_leaf_is_planned_and_the_phases_stay_as_they_are(case: Case) -> None:
    plan = case.plan(replay=False)
    assert plan.replayed == ()
    assert {sample.leaf for phase in plan.phases for sample in phase.samples} <= {*plan.fresh}
    assert all(
        tokens_of(phase, Why.PHASE_REPLAY) <= case.recipe.replay.phase_share * phase.tokens
        for phase in plan.phases
    )
    with_replay = case.plan()
    for without, phase in zip(plan.phases, with_replay.phases, strict=True):
        fresh = [(sample.id, sample.times) for sample in phase.samples if sample.why is Why.FRESH]
        own = [(sample.id, sample.times) for sample in without.samples if sample.why is Why.FRESH]
        assert own == fresh


def many(leaf: str, count: int, stage: Stage = Stage.COMPOSITIONAL) -> list[Sample]:
    return [made_sample(leaf, number, stage=stage) for number in range(count)]


def large_case(**figures: object) -> Case:
    """One fresh skill, two old leaves of unlike size; every sample has 10 tokens."""
    samples = {
        "a/fresh": many("a/fresh", 400),
        "a/large": many("a/large", 300),
        "a/small": many("a/small", 20),
    }
    tokens = {sample.id: 10 for found in samples.values() for sample in found}
    return Case(samples, tokens, frozenset({"a/large", "a/small"}), frozenset(), small_recipe(**figures))  # type: ignore[arg-type]


def test_the_share_is_reached_to_within_one_sample() -> None:
    phase = large_case(leaf_share=0.2).plan().phases[-1]
    share = tokens_of(phase, Why.LEAF_REPLAY) / phase.tokens
    assert 0.2 - 10 / phase.tokens < share <= 0.2


def test_balanced_replay_gives_each_leaf_the_same_and_uniform_by_size() -> None:
    def seen(strategy: str) -> Counter[str]:
        counts: Counter[str] = Counter()
        for sample in large_case(strategy=strategy).plan().phases[-1].samples:
            if sample.why is Why.LEAF_REPLAY:
                counts[sample.leaf] += sample.times
        return counts

    assert seen("balanced") == {"a/large": 50, "a/small": 50}
    uniform = seen("uniform")
    assert uniform["a/large"] / uniform["a/small"] == pytest.approx(15, rel=0.2)


def test_every_step_has_its_share_of_replay() -> None:
    phase = large_case(leaf_share=0.25, batch_samples=16).plan().phases[-1]
    for step in phase.steps:
        replayed = sum(phase.samples[index].why is Why.LEAF_REPLAY for index in step)
        assert abs(replayed - 0.25 * len(step)) <= 2


def test_a_phase_without_fresh_samples_has_no_steps_even_if_there_is_something_to_replay() -> None:
    plan = large_case().plan()
    assert [bool(phase.steps) for phase in plan.phases] == [False, False, True]
    assert not len(plan.phases[0].samples)


def test_phase_replay_brings_back_this_releases_knowledge() -> None:
    samples = {"knowledge/k": many("knowledge/k", 60, Stage.KNOWLEDGE_SHORT), "a/s": many("a/s", 200)}
    tokens = {sample.id: 10 for found in samples.values() for sample in found}
    plan = Case(samples, tokens, frozenset(), frozenset(), small_recipe(phase_share=0.1)).plan()
    skills = plan.phases[-1]
    assert 0.09 < tokens_of(skills, Why.PHASE_REPLAY) / skills.tokens <= 0.1
    assert {sample.leaf for sample in skills.samples if sample.why is Why.PHASE_REPLAY} == {"knowledge/k"}
    assert plan.parent is None
    assert plan.replayed == ()


def test_another_seed_draws_other_samples() -> None:
    def drawn(seed: int) -> set[str]:
        phase = large_case(leaf_share=0.1).plan(seed).phases[-1]
        return {sample.id for sample in phase.samples if sample.leaf == "a/large"}

    assert drawn(0) != drawn(1)


def test_roles_against_the_parent() -> None:
    parent = made_manifest(
        ["x/same", "x/edited", "x/gone", "x/back", "x/anew"], roles={"x/back": Role.DROPPED}
    )
    leaves = {
        leaf.name: leaf
        for leaf in (
            current("x/same"),
            current("x/edited", blob="e" * 40),
            current("x/back"),
            current("x/anew", keys=["another key"]),
            current("x/new"),
        )
    }
    roles = leaf_roles(leaves, parent)
    assert roles.unchanged == ("x/same",)
    assert roles.fresh == ("x/anew", "x/back", "x/edited", "x/new")
    assert roles.removed == ("x/gone",)
    assert leaf_roles(leaves, None).fresh == tuple(sorted(leaves))
