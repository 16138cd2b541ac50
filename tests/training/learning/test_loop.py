"""A step that cannot be right is never taken, and one without samples changes nothing."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from support.tiny_student import tiny_student, toy_plan, toy_recipe, toy_samples
from transformers import AutoModelForCausalLM

from seedbed.errors import TrainingError
from seedbed_training.learning.encode import EncodedSample, load_encoder
from seedbed_training.learning.loop import Rows, StepResult, new_optimizer, train_phase
from seedbed_training.learning.loss import Batching
from seedbed_training.planning.plan import PhasePlan, TrainingPlan


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_student(tmp_path_factory.mktemp("loop") / "student", hidden=32)


@pytest.fixture
def model(student: Path) -> Any:
    return AutoModelForCausalLM.from_pretrained(student)


@pytest.fixture(scope="module")
def encoded(student: Path) -> dict[str, EncodedSample]:
    encoder = load_encoder(student)
    return {identity: encoder.encode(sample) for identity, sample in toy_samples(16).items()}


def steps_of(
    model: Any, plan: TrainingPlan, phase: PhasePlan, rows: Mapping[str, EncodedSample], **more: Any
) -> Iterator[StepResult]:
    optimizer = more.pop("optimizer", None) or new_optimizer(model, phase.recipe, plan.recipe)
    encode: Rows = lambda planned: [rows[sample.id] for sample in planned if sample.id in rows]
    batching = Batching(plan.recipe.micro_batch_tokens, packed=False)
    return train_phase(model, optimizer, phase, encode, plan.recipe, batching, seed=0, **more)


def test_a_loss_that_is_not_finite_names_its_sample_and_changes_nothing(
    model: Any, encoded: dict[str, EncodedSample]
) -> None:
    plan = toy_plan(({}, toy_samples(16)), steps=(0, 4))
    phase = plan.phases[1]
    bad = phase.samples[phase.steps[1][2]].id  # the third sample of the second step
    marker = 19  # a token that no other sample of the two steps may hold
    rows = {identity: without(row, marker) for identity, row in encoded.items()}
    rows[bad] = dataclasses.replace(rows[bad], input_ids=(marker, *rows[bad].input_ids[1:]))
    embeddings = model.get_input_embeddings()
    embeddings.register_forward_hook(
        lambda _, inputs, output: output.masked_fill((inputs[0] == marker)[..., None], math.nan)
    )
    steps = steps_of(model, plan, phase, rows)
    next(steps)
    before = [weight.detach().clone() for weight in model.parameters()]
    with pytest.raises(TrainingError, match=rf"phase skills, step 2, samples {bad}$"):
        next(steps)
    assert all(torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True))


def without(row: EncodedSample, token: int) -> EncodedSample:
    return dataclasses.replace(
        row, input_ids=tuple(5 if other == token else other for other in row.input_ids)
    )


def test_a_gradient_that_is_not_finite_stops_too(model: Any, encoded: dict[str, EncodedSample]) -> None:
    plan = toy_plan(({}, toy_samples(16)), steps=(0, 1))
    next(model.parameters()).register_hook(lambda gradient: gradient * math.inf)
    optimizer = new_optimizer(model, plan.phases[1].recipe, plan.recipe)
    with pytest.raises(TrainingError, match="the gradient is not a finite number in phase skills, step 1"):
        list(steps_of(model, plan, plan.phases[1], encoded, optimizer=optimizer))
    assert not optimizer.state


def test_a_step_whose_samples_are_all_left_out_changes_nothing(
    model: Any, encoded: dict[str, EncodedSample]
) -> None:
    plan = toy_plan(({}, toy_samples(16)), steps=(0, 2))
    phase = plan.phases[1]
    second = {phase.samples[index].id: encoded[phase.samples[index].id] for index in phase.steps[1]}
    steps = steps_of(model, plan, phase, second)
    before = [weight.detach().clone() for weight in model.parameters()]
    empty = next(steps)
    assert (empty.tokens, empty.loss_tokens, empty.gradient_norm) == (0, 0, 0.0)
    assert all(torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True))
    assert next(steps).tokens == sum(len(row.input_ids) for row in second.values())
    assert not all(torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True))


def test_a_loss_that_leaves_for_good_stops_the_run(model: Any, encoded: dict[str, EncodedSample]) -> None:
    recipe = toy_recipe(divergence_steps=3, divergence_factor=2.0)
    plan = toy_plan(({}, toy_samples(16)), steps=(0, 8), recipe=recipe)
    phase = plan.phases[1]
    before = [weight.detach().clone() for weight in model.parameters()]
    steps = steps_of(model, plan, phase, encoded, losses=[0.1, 0.2, 0.1])
    with pytest.raises(
        TrainingError, match=r"the loss has left 0\.1, .* of phase skills, for good; step 2, samples"
    ) as caught:
        for _ in steps:
            before = [weight.detach().clone() for weight in model.parameters()]
    named = [phase.samples[index].id for index in phase.steps[1]]
    assert all(identity in caught.value.message for identity in named)
    assert all(torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True))
