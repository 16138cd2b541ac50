"""Dry runs: published models built on the meta device, counted, and what their training needs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from seedbed.errors import ConfigurationError
from seedbed_training.learning.meta_model import build_on_meta, find_shape
from seedbed_training.planning.read_recipe import load_recipe
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


def test_the_count_of_a_model_that_is_here_is_that_of_its_weights() -> None:
    from seedbed.bundled_files import bundled_file
    from seedbed_training.learning.model import load_student

    shape = build_on_meta(find_shape("sandbox"), name="sandbox")
    student = load_student(bundled_file("training/sandbox/student"))
    assert shape.parameters == sum(weight.numel() for weight in student.model.parameters())


def test_what_cannot_be_built_is_refused() -> None:
    recipe = load_recipe("labradorite-13b")
    with pytest.raises(ConfigurationError, match="the shape of 'no/model' is not known here"):
        dry_run(replace(recipe, base_model="no/model"))
    with pytest.raises(ConfigurationError, match="max_tokens is 5000"):
        dry_run(replace(recipe, max_tokens=5000))
