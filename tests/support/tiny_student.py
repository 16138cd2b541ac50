"""A toy world to train in: a small student, two leaves' samples, and a plan over them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from support.tiny_model import build_tiny_model

from seedbed.generation.sample import Provenance, Sample, Stage
from seedbed.teacher.teacher import Message, TeacherIdentity
from seedbed_training.planning.plan import PhasePlan, PlannedSample, TrainingPlan, Why
from seedbed_training.planning.recipe import PhaseRecipe, ReplayRecipe, TrainingRecipe

WORDS = (*(f"w{number}" for number in range(20)), "what", "follows", "?", ".")


def tiny_student(directory: Path, *, seed: int = 0, hidden: int = 16) -> Path:
    """A base with random weights that reads and writes `WORDS`."""
    return build_tiny_model(directory, words=WORDS, seed=seed, hidden=hidden)


def toy_sample(
    number: int, *, stage: Stage = Stage.FOUNDATIONAL, answer: str | None = None, held_out: bool = False
) -> Sample:
    """Asks for a few words backwards; equal numbers give equal samples."""
    drawn = random.Random(number).sample(WORDS[:20], 2 + number % 4)
    return Sample(
        leaf=f"{'knowledge' if stage is Stage.KNOWLEDGE_SHORT else 'foundational_skills'}/toy",
        stage=stage,
        messages=(
            Message("user", f"what follows {' '.join(drawn)} ?"),
            Message("assistant", answer if answer is not None else " ".join(reversed(drawn))),
        ),
        held_out=held_out,
        provenance=Provenance(
            leaf_blob=f"{number:040x}",
            prompts_digest="0" * 64,
            teacher=TeacherIdentity("transformers", "toy", "0" * 40),
            seed=number,
            parameters={"temperature": 0.0},
        ),
    )


def toy_samples(count: int, *, stage: Stage = Stage.FOUNDATIONAL) -> dict[str, Sample]:
    """`count` samples by id."""
    samples = [toy_sample(number, stage=stage) for number in range(count)]
    return {sample.id: sample for sample in samples}


def toy_recipe(**changes: object) -> TrainingRecipe:
    """A recipe of two phases, quick to run."""
    phases = tuple(
        PhaseRecipe(name, (stage,), (), epochs=1.0, learning_rate=5e-3, warmup_steps=2)
        for name, stage in (("knowledge", Stage.KNOWLEDGE_SHORT), ("skills", Stage.FOUNDATIONAL))
    )
    recipe = TrainingRecipe(
        name="toy",
        description="two small phases",
        base_model="toy",
        phases=phases,
        replay=ReplayRecipe(0.0, 0.0, 0, "balanced", "every_phase"),
        batch_samples=4,
        micro_batch_tokens=48,
        max_tokens=64,
        checkpoint_steps=2,
    )
    return replace(recipe, **changes)  # type: ignore[arg-type]


def toy_plan(
    phases: Sequence[Mapping[str, Sample]], *, steps: Sequence[int], recipe: TrainingRecipe | None = None
) -> TrainingPlan:
    """A plan whose phase k takes `steps[k]` steps over the samples `phases[k]`, in turn; a third of them is replay."""
    recipe = recipe or toy_recipe()
    planned = []
    for phase, samples, count in zip(recipe.phases, phases, steps, strict=True):
        order = [index % len(samples) for index in range(count * recipe.batch_samples)]
        planned.append(
            PhasePlan.of(
                recipe=phase,
                samples=tuple(
                    PlannedSample(
                        identity,
                        sample.leaf,
                        Why.LEAF_REPLAY if index % 3 == 0 else Why.FRESH,
                        tokens=_tokens(sample),
                        times=order.count(index),
                    )
                    for index, (identity, sample) in enumerate(samples.items())
                ),
                steps=tuple(
                    tuple(order[step * recipe.batch_samples : (step + 1) * recipe.batch_samples])
                    for step in range(count)
                ),
            )
        )
    return TrainingPlan(
        release="toy-2",
        parent="toy-1",
        taxonomy_commit="c" * 40,
        recipe=recipe,
        seed=11,
        sample_keys={},
        blobs={},
        fresh=(),
        replayed=(),
        removed=(),
        phases=tuple(planned),
    )


def _tokens(sample: Sample) -> int:
    """Words and marks, the role and the end of each message: one token each, in `tiny_student`'s vocabulary."""
    return sum(len(message.content.split()) + 2 for message in sample.messages)
