"""Recipes: what ships reads, and whatever is wrong is said with its place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from support.training_samples import small_recipe

from seedbed.bundled_files import bundled_file
from seedbed.errors import ConfigurationError
from seedbed_training.planning.read_recipe import load_recipe, read_recipe, recipe_digest

SHIPPED = sorted(path.stem for path in bundled_file("training/recipes").glob("*.yaml"))


def data() -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(asdict(small_recipe())))
    return plain


def test_what_ships() -> None:
    assert SHIPPED == ["lab", "lab-card", "labradorite-13b", "merlinite-7b", "sandbox", "stacked"]


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_recipes_read_and_follow_the_schema(name: str) -> None:
    import jsonschema

    from seedbed.taxonomy.plain_yaml import read_plain_yaml

    assert load_recipe(name).name == name
    path = bundled_file(f"training/recipes/{name}.yaml")
    schema = json.loads(bundled_file("schema/training-recipe.v1.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(read_plain_yaml(path.read_text(encoding="utf-8"), source=name), schema)


def test_published_figures() -> None:
    """LAB paper (arXiv 2403.01081), table 2."""
    merlinite, labradorite = load_recipe("merlinite-7b"), load_recipe("labradorite-13b")
    assert [phase.epochs for phase in merlinite.phases] == [4, 4, 7]
    assert [phase.epochs for phase in labradorite.phases] == [5, 7, 7]
    assert {phase.learning_rate for phase in merlinite.phases} == {1e-6}
    assert {phase.learning_rate for phase in labradorite.phases} == {2e-5}
    assert {phase.warmup_steps for phase in merlinite.phases} == {800}
    assert {phase.warmup_steps for phase in labradorite.phases} == {385}
    assert merlinite.batch_samples == labradorite.batch_samples == 3840
    assert merlinite.schedule == labradorite.schedule == "constant"


def test_reading_gives_back_what_was_written() -> None:
    assert read_recipe(json.dumps(data()), source="r.yaml") == small_recipe()


def test_adapters_are_read_back() -> None:
    lora = {"rank": 8, "alpha": 16.0, "dropout": 0.1, "targets": ["q_proj"], "keep_adapter": True}
    recipe = read_recipe(json.dumps(data() | {"lora": lora}), source="r.yaml")
    assert json.loads(json.dumps(asdict(recipe)))["lora"] == lora
    assert read_recipe(json.dumps(asdict(recipe)), source="r.yaml") == recipe


def test_the_digest_is_of_the_figures_alone(tmp_path: Path) -> None:
    text = bundled_file("training/recipes/sandbox.yaml").read_text(encoding="utf-8")
    plain = "\n".join(line.split(" #")[0] for line in text.splitlines() if not line.startswith("#"))
    assert recipe_digest(read_recipe(plain, source="plain")) == recipe_digest(load_recipe("sandbox"))
    other = read_recipe(re.sub(r"leaf_share: .*", "leaf_share: 0.123", plain), source="other")
    assert recipe_digest(other) != recipe_digest(load_recipe("sandbox"))


def change(*path: str | int, to: object) -> Callable[[dict[str, Any]], None]:
    def apply(recipe: Any) -> None:
        for key in path[:-1]:
            recipe = recipe[key]
        recipe[path[-1]] = to

    return apply


def drop(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda recipe: recipe.pop(key)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (change("epoch", to=1), "r.yaml: unknown key epoch"),
        (change("replay", "leafshare", to=1), "unknown key replay.leafshare"),
        (change("phases", 1, "warm_up", to=1), r"unknown key phases\[1\].warm_up"),
        (drop("replay"), "r.yaml: replay missing"),
        (change("batch_samples", to=0), "batch_samples must be a whole number of at least 1, but is 0"),
        (change("batch_samples", to=True), "but is True"),
        (change("batch_samples", to=6.5), "whole number"),
        (
            change("phases", 0, "learning_rate", to="fast"),
            r"phases\[0\].learning_rate must be a number above 0",
        ),
        (change("phases", 0, "learning_rate", to=float("nan")), "learning_rate must be a number"),
        (change("phases", 0, "epochs", to=0), "epochs must be a number above 0"),
        (change("phases", 0, "stages", to=["knowledge"]), "'knowledge', which is no stage"),
        (change("phases", 0, "stages", to=[]), "stages must be a list"),
        (change("phases", 0, "replay_stages", to=["compositional"]), "which no phase before it teaches"),
        (change("phases", 1, "name", to="skills"), "two phases are called 'skills'"),
        (change("phases", 1, "name", to="Skills"), "two phases are called 'skills'"),
        (change("phases", 0, "name", to="../up"), r"phases\[0\].name is '../up', which cannot name a folder"),
        (change("phases", 0, "name", to="a/b"), "cannot name a folder"),
        (change("phases", 0, "name", to=".hidden"), "cannot name a folder"),
        (change("phases", 0, "name", to="two\nlines"), "cannot name a folder"),
        (change("phases", 0, "name", to="n" * 65), "cannot name a folder"),
        (change("phases", to=[]), "phases is empty"),
        (change("phases", to="all"), "phases must be a list"),
        (change("replay", to=None), "replay must be a mapping"),
        (change("replay", "leaf_share", to=0.97), "must leave room for new samples"),
        (change("replay", "leaf_share", to=1.0), "below 1"),
        (change("replay", "strategy", to="best"), "balanced or uniform"),
        (change("schedule", to="exponential"), "constant or linear or cosine or stable_decay"),
        (change("batching", to="mixed"), "packed or padded"),
        (change("compile", to="yes"), "compile must be true or false"),
        (change("divergence_factor", to=1.0), "above 1"),
        (change("lora", to={"rank": 0, "alpha": 16}), r"lora\.rank must be a whole number of at least 1"),
        (change("lora", to={"rank": 8}), r"lora\.alpha missing"),
        (
            change("lora", to={"rank": 8, "alpha": 16, "targets": "q_proj"}),
            r"lora\.targets must be a list of texts",
        ),
        (change("betas", to=[0.9]), "two numbers"),
        (change("name", to=""), "name must be text"),
    ],
)
def test_wrong_recipes_are_refused_with_their_place(
    spoil: Callable[[dict[str, Any]], None], message: str
) -> None:
    recipe = data()
    spoil(recipe)
    text = json.dumps(recipe).replace("NaN", ".nan")
    with pytest.raises(ConfigurationError, match=message):
        read_recipe(text, source="r.yaml")


def test_a_near_miss_is_guessed() -> None:
    with pytest.raises(ConfigurationError) as error:
        read_recipe(json.dumps({**data(), "batch_sample": 3}), source="r.yaml")
    assert error.value.hint == "did you mean batch_samples?"


def test_a_recipe_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_recipe(str(tmp_path / "none.yaml"))
    with pytest.raises(ConfigurationError, match="Seedbed ships lab, "):
        load_recipe("none")
