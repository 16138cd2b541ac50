"""The loss means the same however a batch is cut, and a step that cannot be right is never taken."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.tiny_student import tiny_student, toy_plan, toy_recipe, toy_samples
from transformers import AutoModelForCausalLM, GraniteConfig, GraniteForCausalLM

from seedbed.errors import TrainingError
from seedbed_training.learning.encode import EncodedSample, load_encoder
from seedbed_training.learning.loop import (
    accumulate_gradients,
    answer_loss,
    learning_rate_at,
    new_optimizer,
    train_phase,
)
from seedbed_training.learning.packing import micro_batches


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


def plain_loss(model: Any, row: EncodedSample) -> torch.Tensor:
    """The definition, one sample at a time: no padding, no chosen positions."""
    ids_T = torch.tensor(row.input_ids)
    logits_TV = model(input_ids=ids_T[None], use_cache=False).logits[0]
    start = row.loss_from
    return torch.nn.functional.cross_entropy(logits_TV[start - 1 : -1], ids_T[start:], reduction="sum")


def gradients(model: Any) -> dict[str, torch.Tensor]:
    return {name: weight.grad.clone() for name, weight in model.named_parameters()}


@pytest.mark.parametrize("tokens", [1, 30, 64, 10_000])
def test_the_same_batch_however_it_is_cut(model: Any, encoded: dict[str, EncodedSample], tokens: int) -> None:
    rows = list(encoded.values())
    loss_tokens = sum(row.loss_tokens for row in rows)
    expected_loss = torch.stack([plain_loss(model, row) for row in rows]).sum() / loss_tokens
    expected_loss.backward()
    expected = gradients(model)
    model.zero_grad()
    batches = micro_batches(rows, tokens=tokens)
    if tokens == 1:
        assert len(batches) == 16
    loss = accumulate_gradients(model, batches, loss_tokens=loss_tokens, pad_id=0)
    assert loss == pytest.approx(expected_loss.item(), abs=1e-6)
    for name, gradient in gradients(model).items():
        assert torch.allclose(gradient, expected[name], atol=1e-6, rtol=0), name


def test_what_fills_a_row_does_not_matter(model: Any, encoded: dict[str, EncodedSample]) -> None:
    rows = tuple(encoded.values())
    assert torch.equal(answer_loss(model, rows, pad_id=0), answer_loss(model, rows, pad_id=7))


def test_a_model_that_scales_its_logits() -> None:
    torch.manual_seed(0)
    config = GraniteConfig(
        vocab_size=30,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        logits_scaling=0.1,
    )
    granite: Any = GraniteForCausalLM(config)
    rows = (EncodedSample("a", (1, 2, 3, 4), 2), EncodedSample("b", (5, 6, 7), 2))
    expected = sum(plain_loss(granite, row).item() for row in rows)
    assert answer_loss(granite, rows, pad_id=0).item() == pytest.approx(expected, abs=1e-5)


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
    steps = train_phase(
        model, new_optimizer(model, phase.recipe, plan.recipe), phase, rows, plan.recipe, seed=0, pad_id=0
    )
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
        list(train_phase(model, optimizer, plan.phases[1], encoded, plan.recipe, seed=0, pad_id=0))
    assert not optimizer.state


def test_a_step_whose_samples_are_all_left_out_changes_nothing(
    model: Any, encoded: dict[str, EncodedSample]
) -> None:
    plan = toy_plan(({}, toy_samples(16)), steps=(0, 2))
    phase = plan.phases[1]
    second = {phase.samples[index].id: encoded[phase.samples[index].id] for index in phase.steps[1]}
    steps = train_phase(
        model, new_optimizer(model, phase.recipe, plan.recipe), phase, second, plan.recipe, seed=0, pad_id=0
    )
    before = [weight.detach().clone() for weight in model.parameters()]
    empty = next(steps)
    assert (empty.tokens, empty.loss_tokens, empty.gradient_norm) == (0, 0, 0.0)
    assert all(torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True))
    assert next(steps).tokens == sum(len(row.input_ids) for row in second.values())
    assert not all(torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True))


@given(
    steps=st.integers(1, 300), warmup=st.integers(0, 400), schedule=st.sampled_from(["constant", "linear"])
)
def test_learning_rate(steps: int, warmup: int, schedule: str) -> None:
    phase = dataclasses.replace(toy_recipe().phases[0], learning_rate=0.1, warmup_steps=warmup)
    rates = [learning_rate_at(phase, schedule, step=step, steps=steps) for step in range(steps)]
    assert all(0 < rate <= 0.1 + 1e-12 for rate in rates)
    rising = rates[:warmup]
    assert rising == sorted(rising)
    if 0 < warmup <= steps:
        assert rates[warmup - 1] == pytest.approx(0.1)
    after = rates[warmup:]
    if schedule == "constant":
        assert all(rate == 0.1 for rate in after)
    else:
        assert after == sorted(after, reverse=True)
        assert not after or after[0] == pytest.approx(0.1)


def test_a_small_model_is_trained_in_one_thread_and_the_callers_number_comes_back():
    import torch

    from seedbed_training.learning.loop import SMALL_MODEL, fitting_threads

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with fitting_threads(torch.nn.Linear(4, 4)):
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 3
        with fitting_threads(torch.nn.Linear(1, SMALL_MODEL, device="meta")):
            assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
