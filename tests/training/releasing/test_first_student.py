"""A first release of a base without a chat template starts from its copy that has one; all others from what they named."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from support.garden import Garden

from seedbed.errors import ConfigurationError
from seedbed_training.planning.recipe import LoraRecipe
from seedbed_training.releasing.dry_run import dry_run, dry_run_text
from seedbed_training.releasing.first_student import first_student, speaking_base
from seedbed_training.releasing.prepare_plan import open_preparation, prepare_plan


@pytest.fixture
def plain_base(base_model: Path, tmp_path: Path) -> Path:
    """The garden's base as it was before anybody gave it a template."""
    folder = shutil.copytree(base_model, tmp_path / "plain")
    for path in folder.glob("chat_template*"):
        path.unlink()
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    settings.pop("chat_template", None)
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder


def test_a_plan_is_counted_with_the_copy_that_training_starts_from(garden: Garden, plain_base: Path) -> None:
    recipe = replace(garden.recipe, base_model=str(plain_base), chat_template="labradorite")
    known = prepare_plan(garden.workspace, recipe=garden.recipe)
    made = prepare_plan(garden.workspace, recipe=recipe)
    assert made.base.parent == garden.workspace.state / "bases"
    assert open_preparation(garden.workspace, made.plan).base == made.base
    assert (
        made.plan.phases[0].samples.tokens.sum() > known.plan.phases[0].samples.tokens.sum()
    )  # its newlines
    assert speaking_base(garden.workspace, str(plain_base)) == made.base


def test_a_base_with_a_template_of_its_own_stays_as_it_is(garden: Garden, base_model: Path) -> None:
    recipe = replace(garden.recipe, chat_template="labradorite")
    assert first_student(garden.workspace, recipe) == base_model
    assert speaking_base(garden.workspace, str(base_model), recipe) == base_model
    assert not (garden.workspace.state / "bases").exists()


def test_the_base_of_a_later_release_is_measured_with_a_copy_too(garden: Garden, plain_base: Path) -> None:
    recipe = replace(
        garden.recipe, base_model=str(plain_base), chat_template="labradorite", lora=LoraRecipe(2, 4.0)
    )
    assert speaking_base(garden.workspace, str(plain_base)) == plain_base
    copy = speaking_base(garden.workspace, str(plain_base), recipe)
    assert copy.parent.name == "bases"
    assert speaking_base(garden.workspace, str(plain_base)) == copy


def test_adapters_alone_cannot_learn_new_tokens(garden: Garden, plain_base: Path) -> None:
    recipe = replace(
        garden.recipe, base_model=str(plain_base), chat_template="labradorite", lora=LoraRecipe(2, 4.0)
    )
    with pytest.raises(ConfigurationError, match="new tokens"):
        prepare_plan(garden.workspace, recipe=recipe)
    with pytest.raises(ConfigurationError, match="new tokens"):
        dry_run(recipe)


def test_a_dry_run_says_what_the_template_adds(plain_base: Path, base_model: Path, garden: Garden) -> None:
    given = replace(garden.recipe, base_model=str(plain_base), chat_template="labradorite")
    rows = json.loads((plain_base / "config.json").read_text())["vocab_size"]
    text = dry_run_text(dry_run(given))
    assert "labradorite's is given to the base, which has none" in text
    assert f"{rows} rows of the embeddings become {-(-(rows + 5) // 8) * 8}" in text
    assert "cannot be trained" in dry_run_text(dry_run(replace(given, chat_template="own")))
    assert "the base's own" in dry_run_text(dry_run(replace(given, base_model=str(base_model))))
    assert "chat template" not in dry_run_text(dry_run(garden.recipe))
