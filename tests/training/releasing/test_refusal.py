"""A refused release in words: the golden text of what a maintainer reads."""

from __future__ import annotations

import dataclasses

from support.training_samples import small_recipe

from seedbed_training.evaluation.gate import LeafOutcome, Limits, judge, outcome
from seedbed_training.evaluation.result_file import Evaluation
from seedbed_training.evaluation.score import Case, LeafScore, score_leaf
from seedbed_training.planning.plan import PhasePlan, PlannedSample, TrainingPlan, Why
from seedbed_training.releasing.refusal import refusal

OLD, FRESH, BARE = "knowledge/velm", "compositional_skills/verse", "compositional_skills/bare"


def scored(leaf: str, *answers: str) -> LeafScore:
    cases = [
        Case(f"{leaf}-{number}", f"Question {number}\nof the leaf?", "yes", answer)
        for number, answer in enumerate(answers)
    ]
    return score_leaf(leaf, cases)


def made_plan(*, samples: int, replayed: bool) -> TrainingPlan:
    recipe = small_recipe(epochs=5, learning_rate=2e-5)
    rows = [PlannedSample(f"{FRESH}-{number}", FRESH, Why.FRESH, 10, 5) for number in range(samples)]
    phases = tuple(PhasePlan.of(phase, rows if phase.name == "skills" else [], []) for phase in recipe.phases)
    return TrainingPlan(
        release="release-2",
        parent="release-1",
        taxonomy_commit="c" * 40,
        recipe=recipe,
        seed=0,
        sample_keys={},
        blobs={OLD: "o", FRESH: "f", BARE: "b"},
        fresh=(FRESH, BARE),
        replayed=(OLD,) if replayed else (),
        removed=(),
        phases=phases,
    )


def refused(plan: TrainingPlan, outcomes: list[LeafOutcome], evaluation: Evaluation) -> tuple[str, str]:
    limits = Limits()
    error = refusal(plan, evaluation, outcomes, judge(outcomes, limits), limits)
    assert error.exit_code == 1
    return error.message, error.hint or ""


def test_leaves_examples_and_steps() -> None:
    fell, before = scored(OLD, *["no"] * 8, "yes"), scored(OLD, *["yes"] * 9)
    poor = scored(FRESH, "no", "maybe", "yes")
    evaluation = Evaluation(
        "release-2", "p", {"this": {OLD: fell, FRESH: poor}, "parent": {OLD: before}}, {"this": "t"}
    )
    outcomes = [
        outcome(OLD, fresh=False, score=fell, parent=before),
        outcome(FRESH, fresh=True, score=poor, parent=None),
        outcome(BARE, fresh=True, score=None, parent=None),
    ]
    message, hint = refused(made_plan(samples=12, replayed=False), outcomes, evaluation)
    assert message.splitlines() == [
        "the gate refuses release-2:",
        "- compositional_skills/bare: nothing of this fresh leaf was held out, so it cannot be judged",
        "- compositional_skills/verse: not learned, 0.33 (0.06 to 0.79 at 95 %, 3 cases) is below the minimum of 0.50",
        "- knowledge/velm: fell from 1.00 to 0.11, by 0.89 (at least 0.31 at 95 %); the limit is 0.05",
        "- the only old leaf fell by 0.89; the limit is 0.05",
        "where it went wrong, for example:",
        "- compositional_skills/verse: asked “Question 0 / of the leaf?”, it says “no”; right is “yes”",
        "- knowledge/velm: asked “Question 0 / of the leaf?”, it says “no”; right is “yes”",
    ]
    assert [line.strip() for line in hint.splitlines()] == [
        "more samples, of which some are held out: seedbed generate --leaf compositional_skills/bare --samples N",
        (
            "more samples of compositional_skills/verse, which has 12 to train on: "
            "seedbed generate --leaf compositional_skills/verse --samples N"
        ),
        "replay, which this run had none of: train without --no-replay",
        "then train under another name: seedbed train --release release-2-b",
        "or other limits: --minimum-score (now 0.5), --maximum-drop (now 0.05)",
    ]


def test_enough_samples_call_for_epochs_and_a_fall_despite_replay_for_more_of_it() -> None:
    fell, before = scored(OLD, *["no"] * 9), scored(OLD, *["yes"] * 9)
    poor = scored(FRESH, "no", "no")
    evaluation = Evaluation(
        "release-2", "p", {"this": {OLD: fell, FRESH: poor}, "parent": {OLD: before}}, {"this": "t"}
    )
    outcomes = [
        outcome(OLD, fresh=False, score=fell, parent=before),
        outcome(FRESH, fresh=True, score=poor, parent=None),
    ]
    _, hint = refused(made_plan(samples=40, replayed=True), outcomes, evaluation)
    assert (
        "more epochs or a higher learning rate for the phase skills in the recipe (now 5 and 2e-05)" in hint
    )
    assert "more replay: replay.leaf_share in the recipe (now 0.2)" in hint


def test_very_many_reasons_are_counted() -> None:
    outcomes = [LeafOutcome(f"a/{number:03}", True, 0.1) for number in range(100)]
    plan = dataclasses.replace(
        made_plan(samples=1, replayed=True), fresh=tuple(o.leaf for o in outcomes), phases=()
    )
    message, hint = refused(plan, outcomes, Evaluation("release-2", "p", {}, {}))
    assert "- and 70 more: seedbed eval --release release-2" in message
    assert len(hint.splitlines()) < 10
