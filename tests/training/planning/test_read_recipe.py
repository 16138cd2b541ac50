"""Recipes: what ships reads, and whatever is wrong is said with its place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pytest
from support.training_samples import small_recipe

from seedbed.bundled_files import bundled_file
from seedbed.errors import ConfigurationError
from seedbed_training.planning.read_recipe import load_recipe, read_recipe, recipe_digest
from seedbed_training.planning.recipe import LoraRecipe, PhaseRecipe, ReplayRecipe, TrainingRecipe

NAMES_A_FOLDER = "expected at most 64 letters, digits, blanks"
SHIPPED = sorted(path.stem for path in bundled_file("training/recipes").glob("*.yaml"))


def data() -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(asdict(small_recipe())))
    return plain


def test_what_ships() -> None:
    assert SHIPPED == ["lab", "lab-card", "labradorite-13b", "merlinite-7b", "sandbox", "stacked"]


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_recipes_read_and_follow_the_schema(name: str) -> None:
    import jsonschema

    from seedbed.config.plain_yaml import read_plain_yaml

    assert load_recipe(name).name == name
    path = bundled_file(f"training/recipes/{name}.yaml")
    schema = json.loads(bundled_file("schema/training-recipe.v1.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(read_plain_yaml(path.read_text(encoding="utf-8"), source=name), schema)


def test_the_sandbox_recipe_shows_every_key() -> None:
    """As `docs/training.md` says of it; adapters too, as what one would write in place of `null`."""
    text = bundled_file("training/recipes/sandbox.yaml").read_text(encoding="utf-8")
    for part in (TrainingRecipe, PhaseRecipe, ReplayRecipe, LoraRecipe):
        for item in fields(part):
            assert re.search(rf"\b{item.name}: ", text) or f"\n{item.name}:" in text, item.name


@pytest.mark.parametrize("name", SHIPPED)
def test_every_figure_of_a_shipped_recipe_says_what_it_counts_and_where_it_is_from(name: str) -> None:
    text = bundled_file(f"training/recipes/{name}.yaml").read_text(encoding="utf-8")
    named = ("name", "- name", "description", "base_model", "phases", "replay")
    figures = [
        line.partition(" # ")
        for line in text.splitlines()
        if line and not line.startswith("#") and line.strip().partition(":")[0] not in named
    ]
    keys = {line.partition(":")[0].strip() for line, _, _ in figures}
    written = {item.name for part in (TrainingRecipe, PhaseRecipe, ReplayRecipe) for item in fields(part)}
    assert keys == written - {*named}
    assert [line for line, _, about in figures if not about] == []
    sources = ("LAB", "Pareja", "ours", "tuned", "not published", "seedbed study", "model card", "there")
    assert [line for line, _, about in figures if not any(source in about for source in sources)] == []


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
        (change("epoch", to=1), "there is no key epoch"),
        (
            change("replay", "leafshare", to=1),
            r"there is no key replay\.leafshare; did you mean leaf_share\?",
        ),
        (change("phases", 1, "warm_up", to=1), r"there is no key phases\[1\]\.warm_up"),
        (drop("replay"), "r.yaml:1: replay is missing"),
        (change("batch_samples", to=0), "batch_samples is 0; expected a whole number of at least 1"),
        (change("batch_samples", to=True), "batch_samples is true; expected a whole number"),
        (change("batch_samples", to=6.5), "batch_samples is 6.5; expected a whole number"),
        (change("epsilon", to=int("9" * 400)), "epsilon is a very large number; expected a number above 0"),
        (
            change("phases", 0, "learning_rate", to="fast"),
            r"phases\[0\]\.learning_rate is 'fast'; expected a number above 0",
        ),
        (change("phases", 0, "learning_rate", to=float("nan")), "learning_rate is nan; expected a number"),
        (change("phases", 0, "learning_rate", to=float("inf")), "learning_rate is inf; expected a number"),
        (change("phases", 0, "epochs", to=0), "epochs is 0; expected a number above 0"),
        (
            change("phases", 0, "stages", to=["knowledge"]),
            r"phases\[0\]\.stages\[0\] is 'knowledge'; expected knowledge_short,",
        ),
        (
            change("phases", 0, "stages", to=[]),
            r"stages is an empty list; expected a list of at least one of knowledge_short,",
        ),
        (change("phases", 0, "replay_stages", to=["compositional"]), "which no phase before it teaches"),
        (change("phases", 1, "name", to="skills"), "two phases are called 'skills'"),
        (change("phases", 1, "name", to="Skills"), "two phases are called 'skills'"),
        (change("phases", 0, "name", to="../up"), rf"phases\[0\]\.name is '../up'; {NAMES_A_FOLDER}"),
        (change("phases", 0, "name", to="a/b"), NAMES_A_FOLDER),
        (change("phases", 0, "name", to=".hidden"), NAMES_A_FOLDER),
        (change("phases", 0, "name", to="two\nlines"), NAMES_A_FOLDER),
        (change("phases", 0, "name", to="n" * 65), NAMES_A_FOLDER),
        (change("phases", to=[]), "phases is an empty list; expected a list of mappings, at least one"),
        (change("phases", to="all"), "phases is 'all'; expected a list"),
        (change("replay", to=None), "replay is empty; expected a mapping"),
        (change("replay", "leaf_share", to=0.97), "must leave room for new samples"),
        (
            change("replay", "leaf_share", to=1.0),
            "leaf_share is 1.0; expected a number of at least 0 and below 1",
        ),
        (change("replay", "strategy", to="best"), "replay.strategy is 'best'; expected balanced, uniform, "),
        (change("schedule", to="exponential"), "expected constant, linear, cosine or stable_decay"),
        (change("batching", to="mixed"), "expected packed or padded"),
        (change("compile", to="yes"), "compile is 'yes'; expected true or false"),
        (change("divergence_factor", to=1.0), "above 1"),
        (
            change("lora", to={"rank": 0, "alpha": 16}),
            r"lora\.rank is 0; expected a whole number of at least 1",
        ),
        (change("lora", to={"rank": 8}), r"lora\.alpha is missing"),
        (
            change("lora", to={"rank": 8, "alpha": 16, "targets": "q_proj"}),
            r"lora\.targets is 'q_proj'; expected a list of texts",
        ),
        (
            change("betas", to=[0.9]),
            "betas is a list of 1; expected a list of 2 numbers, each of at least 0 and below 1",
        ),
        (change("betas", to=[0.9, 1]), r"betas\[1\] is 1; expected a number of at least 0 and below 1"),
        (change("name", to=""), "name is empty; expected text"),
    ],
)
def test_wrong_recipes_are_refused_with_their_place(
    spoil: Callable[[dict[str, Any]], None], message: str
) -> None:
    recipe = data()
    spoil(recipe)
    text = json.dumps(recipe, indent=1).replace("NaN", ".nan").replace("Infinity", ".inf")
    with pytest.raises(ConfigurationError, match=message) as error:
        read_recipe(text, source="r.yaml")
    assert error.value.hint


@pytest.mark.parametrize(
    ("old", "new", "line_of"),
    [
        ("warmup_steps: 385", "warmup_steps: soon", "    warmup_steps: soon"),  # the first of three
        ("replay_stages: [knowledge_short]", "replay_stages: [\n      nothing ]", "      nothing ]"),
        ("  minimum_per_leaf: 4", "  minimum: 4", "  minimum: 4"),
        ("  scope: every_phase", "  # scope", "replay: #"),  # what is not there is told of its owner
        ("leaf_share: 0.2 ", "leaf_share: 0.96 ", "  leaf_share: 0.96"),
        ("  - name: skills", "  - name: knowledge_short", "  - name: knowledge_short # ST"),
        ("betas: [0.9, 0.95]", "betas: &b [0.9, *b]", "betas: &b"),
    ],
)
def test_the_line_is_the_one_to_mend(old: str, new: str, line_of: str) -> None:
    text = bundled_file("training/recipes/lab.yaml").read_text(encoding="utf-8")
    assert old in text
    text = text.replace(old, new, 1)
    line = next(number for number, line in enumerate(text.splitlines(), 1) if line.startswith(line_of))
    with pytest.raises(ConfigurationError, match=rf"^r\.yaml:{line}: "):
        read_recipe(text, source="r.yaml")


def test_a_near_miss_is_guessed() -> None:
    with pytest.raises(ConfigurationError) as error:
        read_recipe(json.dumps({**data(), "batch_sample": 3}), source="r.yaml")
    assert error.value.message.endswith("there is no key batch_sample; did you mean batch_samples?")
    assert str(error.value.hint).startswith("keys here: name, description, ")


def test_a_recipe_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_recipe(str(tmp_path / "none.yaml"))
    with pytest.raises(ConfigurationError, match="Seedbed ships lab, "):
        load_recipe("none")
