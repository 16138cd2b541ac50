"""Dry runs: published models built on the meta device, counted, and what their training needs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seedbed.bundled_files import bundled_file
from seedbed.errors import ConfigurationError
from seedbed_training.learning.lora import add_adapters
from seedbed_training.learning.meta_model import build_on_meta, find_shape
from seedbed_training.learning.model import load_student
from seedbed_training.planning.read_recipe import load_recipe
from seedbed_training.planning.recipe import LoraRecipe
from seedbed_training.releasing.dry_run import dry_run, dry_run_text

PUBLISHED = {
    "lab": 6_738_415_616,
    "lab-card": 6_738_415_616,
    "stacked": 6_738_415_616,
    "labradorite-13b": 13_015_864_320,
    "merlinite-7b": 7_241_732_096,
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_recipes_build_and_say_what_they_need(name: str) -> None:
    run = dry_run(load_recipe(name))
    assert run.shape.parameters == PUBLISHED[name]
    text = dry_run_text(run)
    assert f"{PUBLISHED[name]:,} parameters" in text
    assert "assumed, not published" in text
    assert "in all" in text and "fits from" in text


def test_steps_are_epochs_of_the_published_samples_in_batches() -> None:
    run = dry_run(load_recipe("labradorite-13b"), sample_tokens=100)
    short, long, skills = run.phases
    assert (short.seen, short.steps, short.tokens) == (
        3_150_000,
        821,
        315_000_000,
    )  # 630K samples, 5 epochs, 3,840
    assert long.seen == round(230_000 * 7 / 0.95)  # a twentieth is phase replay
    assert skills.steps == -(-skills.seen // 3840)


def test_a_warm_up_that_outlasts_its_phase_is_told() -> None:
    """Merlinite's published 800 steps do: 630K samples, 4 epochs and batches of 3,840 give 657."""
    text = dry_run_text(dry_run(load_recipe("merlinite-7b")))
    assert "knowledge_short: its warm-up of 800 steps outlasts its 657" in text


def test_time_and_disk_are_told() -> None:
    """8 P x tokens over 8 x 100 TFLOP/s; three checkpoints of 12 P, two ends of phases and the model of 4 P."""
    run = dry_run(load_recipe("labradorite-13b"))
    tokens = sum(phase.tokens for phase in run.phases)
    hours = 8 * PUBLISHED["labradorite-13b"] * tokens / 8e14 / 3600
    text = dry_run_text(run)
    assert f": {hours:,.0f} hours on 8 GPUs, 100 TFLOP/s kept up by each" in text
    disk = PUBLISHED["labradorite-13b"] * (3 * 12 + 2 * 4 + 4) / 2**30
    assert f"  in all                                  {disk:.1f}".split() == text.splitlines()[-1].split()


def test_adapters_are_put_in_and_only_they_have_gradients_and_moments() -> None:
    recipe = load_recipe("lab")
    whole = dry_run_text(dry_run(recipe, gpus=1))
    run = dry_run(replace(recipe, lora=LoraRecipe(16, 32.0)), gpus=1, gibibytes=48.0)
    layer = 16 * (
        4 * (4096 + 4096) + 3 * (4096 + 11008)
    )  # four square products and three of the feed-forward
    assert run.shape.parameters == PUBLISHED["lab"] and run.shape.trained == 32 * layer
    text = dry_run_text(run)
    assert f"{32 * layer:,} of adapters are trained" in text and "fits from 1 x 48 GiB on" in text
    assert "(6 P + 2 A for each token)" in text and "12 A each" in text
    assert "does not fit into 1 x 80 GiB" in whole and "fits from 2 x 80 GiB on" in whole
    with pytest.raises(ConfigurationError, match="adapters cannot be put"):
        dry_run(replace(recipe, lora=LoraRecipe(16, 32.0, targets=("query",))))


def test_the_adapters_counted_are_those_that_training_puts_in() -> None:
    lora = LoraRecipe(4, 8.0)
    student = load_student(bundled_file("training/sandbox/student"))
    add_adapters(student.model, lora, seed=0)
    learned = sum(weight.numel() for weight in student.model.parameters() if weight.requires_grad)
    assert build_on_meta(find_shape("sandbox"), name="sandbox", lora=lora).trained == learned


def test_the_count_of_a_model_that_is_here_is_that_of_its_weights() -> None:
    shape = build_on_meta(find_shape("sandbox"), name="sandbox")
    student = load_student(bundled_file("training/sandbox/student"))
    assert shape.parameters == sum(weight.numel() for weight in student.model.parameters())


def test_what_cannot_be_built_is_refused() -> None:
    recipe = load_recipe("labradorite-13b")
    with pytest.raises(ConfigurationError, match="the shape of 'no/model' is not known here"):
        dry_run(replace(recipe, base_model="no/model"))
    with pytest.raises(ConfigurationError, match="max_tokens is 5000"):
        dry_run(replace(recipe, max_tokens=5000))
