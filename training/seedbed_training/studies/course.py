"""One arm of a study: a student that is taught release after release, by the project's own plan, loop and scoring.

What differs between arms is in `Course` and nowhere else: same base, same leaves, same number of samples seen.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from seedbed.bundled_files import bundled_file
from seedbed.generation.release_manifest import GateRecord, LeafRecord, ReleaseManifest, Role
from seedbed.generation.sample import Sample
from seedbed_training.evaluation.evaluate import evaluate
from seedbed_training.learning.losses import answer_losses
from seedbed_training.learning.token_counts import count_tokens
from seedbed_training.learning.train import train
from seedbed_training.planning.leaf_roles import CurrentLeaf
from seedbed_training.planning.make_plan import make_plan
from seedbed_training.planning.plan import TrainingPlan
from seedbed_training.planning.recipe import PhaseRecipe, ReplayRecipe, TrainingRecipe
from seedbed_training.planning.sample_table import sample_table
from seedbed_training.studies.arm import Report
from seedbed_training.studies.worlds import StudyLeaf, World, blob_of, make_world

BASE = "training/sandbox/student"
"""What every arm of every study starts from: it copies, and knows the rules under code words, but none of the leaves."""


@dataclass(frozen=True, slots=True)
class Course:
    """What one arm is taught, and how; equal courses give equal scores."""

    seed: int
    world: World
    lessons: tuple[tuple[str, ...], ...]
    """The leaves that each release adds."""
    phases: tuple[PhaseRecipe, ...]
    """Their `epochs` are set so that each release sees `steps` times `batch` samples, replay included."""
    replay: ReplayRecipe
    steps: int
    """Optimiser steps of each release, over all its phases."""
    batch: int = 32

    @property
    def work(self) -> float:
        """Optimiser steps of all releases."""
        return float(self.steps * len(self.lessons))

    def take(self, report: Report) -> tuple[Lesson, ...]:
        """Teach it, release after release."""
        return take(self, report)


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one release of an arm came to."""

    scores: Mapping[str, float]  # by leaf, 0…1, of all leaves taught so far
    steps: int
    tokens: int
    replay_tokens: int
    seconds: float  # of training and scoring

    @property
    def score(self) -> float:
        """Mean score, each leaf counted alike."""
        return sum(self.scores.values()) / len(self.scores)


def take(course: Course, report: Report = lambda line: None) -> tuple[Lesson, ...]:
    """Teach the course from the shared base, release after release. Deterministic, in one thread."""
    leaves = make_world(course.world, course.seed)
    model = bundled_file(BASE)
    samples = {sample.id: sample for leaf in leaves.values() for sample in leaf.training}
    tokens = count_tokens(model, samples).tokens
    lessons: list[Lesson] = []
    parent: ReleaseManifest | None = None
    with tempfile.TemporaryDirectory() as scratch:
        for number, added in enumerate(course.lessons):
            began = time.monotonic()
            known = [name for lesson in course.lessons[: number + 1] for name in lesson]
            plan = _plan(course, parent, {name: leaves[name] for name in known}, added, tokens, model)
            model = train(plan, samples, base=model, run_directory=Path(scratch) / plan.release).model
            asked = {name: leaves[name].held_out for name in known}
            scores = evaluate(model, asked, likelihood=False)  # only whether answers are right counts here
            lesson = _lesson(
                plan, {name: score.score for name, score in scores.items()}, time.monotonic() - began
            )
            parent = _manifest(plan)
            lessons.append(lesson)
            report(f"release {number + 1} of {len(course.lessons)}: mean score {lesson.score:.3f}")
    return tuple(lessons)


def _plan(
    course: Course,
    parent: ReleaseManifest | None,
    known: Mapping[str, StudyLeaf],
    added: Sequence[str],
    tokens: Mapping[str, int],
    model: Path,
) -> TrainingPlan:
    samples: dict[str, Sequence[Sample]] = {name: leaf.training for name, leaf in known.items()}
    losses = None
    if course.replay.strategy == "surprise" and parent is not None:
        old = [sample for name, found in samples.items() if name not in added for sample in found]
        losses = answer_losses(model, {sample.id: sample for sample in old})
    return make_plan(
        release=f"release-{1 + (int(parent.name.rsplit('-', 1)[1]) if parent else 0)}",
        parent=parent,
        leaves={name: CurrentLeaf(name, blob_of(name), (name,)) for name in known},
        samples=sample_table(samples, tokens, losses),
        recipe=_recipe(course, [sample for name in added for sample in samples[name]], first=parent is None),
        seed=course.seed,
        taxonomy_commit="0" * 40,
    )


def _recipe(course: Course, fresh: Sequence[Sample], *, first: bool) -> TrainingRecipe:
    """The same number of samples seen whatever the arm: what replay takes, fresh samples give."""
    replay = course.replay
    joint = replay.strategy == "joint"
    share = 0.0 if first or replay.strategy in ("none", "joint") else replay.leaf_share
    shown = course.steps * course.batch / len(course.phases)
    phases = []
    for number, phase in enumerate(course.phases):
        own = sum(sample.stage in phase.stages for sample in fresh)
        back = share + (replay.phase_share if number and phase.replay_stages else 0.0)
        phases.append(replace(phase, epochs=shown * (1.0 - back) / own if own else 1.0))
    assert not joint or first, "a joint arm is one release of everything"
    return TrainingRecipe(
        name="study",
        description="an arm of a study",
        base_model="sandbox",
        phases=tuple(phases),
        replay=replay,
        batch_samples=course.batch,
        micro_batch_tokens=16_384,
        max_tokens=256,
        schedule="linear",
        checkpoint_steps=1 << 30,  # an arm is run again rather than resumed
    )


def _lesson(plan: TrainingPlan, scores: Mapping[str, float], seconds: float) -> Lesson:
    return Lesson(
        scores=scores,
        steps=sum(len(phase.steps) for phase in plan.phases),
        tokens=sum(phase.tokens for phase in plan.phases),
        replay_tokens=sum(phase.replay_tokens for phase in plan.phases),
        seconds=seconds,
    )


def _manifest(plan: TrainingPlan) -> ReleaseManifest:
    """As much of a manifest as the next plan reads."""
    return ReleaseManifest(
        name=plan.release,
        parent=plan.parent,
        taxonomy_commit=plan.taxonomy_commit,
        base_model=plan.recipe.base_model,
        base_model_digest="",
        model_digest="",
        recipe=plan.recipe.name,
        recipe_digest="",
        plan_digest="",
        seed=plan.seed,
        seedbed_version="",
        leaves=tuple(
            LeafRecord(name, blob, Role.FRESH, plan.sample_keys[name], 0, 0)
            for name, blob in plan.blobs.items()
        ),
        phases=(),
        scores=(),
        gate=GateRecord(True, ()),
    )
