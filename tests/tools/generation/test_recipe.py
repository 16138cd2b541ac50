"""Recipes, and the prompts that they make."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from jsonschema import Draft202012Validator

from seedbed.bundled_files import bundled_file
from seedbed.config.plain_yaml import read_plain_yaml
from seedbed.errors import ConfigurationError
from seedbed.generation.read_recipe import bundled_recipes, load_recipe, read_from_disk
from seedbed.generation.recipe import (
    JudgingMode,
    Register,
)
from seedbed.generation.template_variables import recipe_templates
from seedbed.generation.templates import Templates
from seedbed.taxonomy.leaf import Kind, Leaf

HERE = Path(load_recipe.__code__.co_filename).parent


def test_bundled_recipes_are_read_and_their_templates_rendered() -> None:
    assert bundled_recipes() == ("lab", "pooled", "sandbox", "views")
    variables = {
        **dict.fromkeys(
            ("task_description", "domain", "document_outline", "register", "document", "nonce", "answer"), "x"
        ),
        "exemplar": None,
        "question": "What?",
        "context": "Text.",
        "questions": ["One?", "Two?"],
        "contexts": ["A.", "B."],
    }
    for name in bundled_recipes():
        recipe = load_recipe(name)
        templates = Templates(recipe.prompts)
        for template in recipe.prompts:
            text = templates.render(template, variables)
            assert text.strip() == text and "{" not in text


def test_sandbox_prompts_are_to_the_byte_those_that_its_teacher_learned() -> None:
    templates = Templates(load_recipe("sandbox").prompts)
    card = "Name: Ada\nTown: Velm"

    def render(name: str, **variables: object) -> str:
        return templates.render(f"sandbox/{name}.txt", variables)

    assert render("freeform_question", questions=["A?", "B?", "C?"]) == "More like these:\nA?\nB?\nC?"
    assert render("context", contexts=[card, "x"]) == f"More contexts like these:\n{card}\n---\nx"
    assert render("question", context=card, questions=["Q?"]) == f"Ask about this:\n{card}\nLike: Q?"
    assert (
        render("long_question", context="P.", questions=["Q?"])
        == "Ask for a sentence about this:\nP.\nLike: Q?"
    )
    assert render("answer", context=card, question="Q?") == f"{card}\n\nQ?"
    assert render("answer", context=None, question="Q?") == "Q?"


def test_sandbox_prompts_agree_with_its_training_conversations() -> None:
    roles = pytest.importorskip("seedbed_training.sandbox.roles")
    templates = Templates(load_recipe("sandbox").prompts)
    random = Random(0)
    contexts = [str(random.random()), "two\nlines"]
    pairs = (
        (roles.ask_like(["a", "b"]), "freeform_question", {"questions": ["a", "b"]}),
        (roles.context_like(contexts), "context", {"contexts": contexts}),
        (roles.ask_about("c", "e"), "question", {"context": "c", "questions": ["e"]}),
        (roles.ask_sentence_about("c", "e"), "long_question", {"context": "c", "questions": ["e"]}),
    )
    for learned, name, variables in pairs:
        assert templates.render(f"sandbox/{name}.txt", variables) == learned


def test_text_of_a_leaf_is_never_a_template() -> None:
    templates = Templates(load_recipe("sandbox").prompts)
    hostile = "{{ 7 * 7 }} {% for x in y %} {# #} {{ ''.__class__ }}"
    rendered = templates.render("sandbox/freeform_question.txt", {"questions": [hostile]})
    assert rendered == f"More like these:\n{hostile}"


def test_a_template_cannot_reach_python() -> None:
    templates = Templates({"t": "{{ question.__class__.__mro__ }}", "unknown": "{{ nothing }}"})
    with pytest.raises(ConfigurationError, match="template t"):
        templates.render("t", {"question": "x"})
    with pytest.raises(ConfigurationError, match="nothing"):
        templates.render("unknown", {"question": "x"})


def own_recipe(tmp_path: Path, old: str = "", new: str = "") -> str:
    text = (HERE / "recipes" / "sandbox.yaml").read_text()
    assert old in text
    path = tmp_path / "own.yaml"
    path.write_text(text.replace(old, new, 1) if old else text)
    return str(path)


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        (
            "  attempts: 36",
            "  attemps: 36",
            "own.yaml:26: there is no key knowledge_short.attemps; did you mean attempts?",
            "keys here: attempts, ",
        ),
        (
            "entrance: 0.6",
            "entrance: 6",
            "own.yaml:5: entrance is 6; expected a number of at least 0 and at most 1",
            "trusted",
        ),
        ("entrance: 0.6", "entrance: high", "own.yaml:5: entrance is 'high'; expected a number", "trusted"),
        (
            "mode: second_answer",
            "mode: third_answer",
            "own.yaml:15: freeform.judging.mode is 'third_answer'; expected verdict or second_answer; did you mean second_answer?",
            "must agree",
        ),
        ("mode: second_answer", "mode: verdict", "nothing to judge an answer by", "answer_criteria"),
        ("samples: 300", "samples: 3000", "3000 samples in 1200 attempts", "at least samples"),
        ("sandbox/context.txt", "../../secret.txt", "neither beside the recipe", "write the file"),
        ("near_copy: 0.85", "", "own.yaml:2: near_copy is missing", "add `near_copy: …`: Jaccard"),
        (
            "form: plain",
            "form: html",
            "own.yaml:8: passages.form is 'html'; expected markdown or plain",
            "headings",
        ),
        (
            "closed_vocabulary: true",
            "closed_vocabulary: 1",
            "own.yaml:4: closed_vocabulary is 1; expected true or false",
            "refused",
        ),
        ("name: sandbox", "name: [", "not YAML", ""),
    ],
)
def test_mistakes_in_a_recipe(tmp_path: Path, old: str, new: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_recipe(own_recipe(tmp_path, old, new))
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("step", "key", "message"),
    [
        ("freeform", "answer", "no text to quote from"),
        ("knowledge_short", "question", "belong to answers alone"),
        ("knowledge_short", "answer", "plain answer as a turn"),
    ],
)
def test_a_quotation_is_asked_for_where_there_is_one(
    tmp_path: Path, step: str, key: str, message: str
) -> None:
    head, tail = (HERE / "recipes" / "sandbox.yaml").read_text().split(f"\n{step}:", 1)
    path = tmp_path / "own.yaml"
    path.write_text(f"{head}\n{step}:{tail.replace(f'{key}: {{', f'{key}: {{quote: true, ', 1)}")
    with pytest.raises(ConfigurationError, match=message):
        load_recipe(str(path))


def test_a_variable_that_a_prompt_has_not_is_found_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "sandbox").mkdir()
    (tmp_path / "sandbox" / "answer.txt").write_text("{{ contxt }} {{ question }}\n")
    recipe = load_recipe(own_recipe(tmp_path))
    with pytest.raises(ConfigurationError, match="asks for `contxt`") as caught:
        recipe_templates(recipe)
    assert "did you mean `context`?" in (caught.value.hint or "")
    for name in bundled_recipes():
        recipe_templates(load_recipe(name))


def test_the_sandbox_keeps_its_digest() -> None:
    """Its samples, and every release made of them, are found by it."""
    assert load_recipe("sandbox").digest == "b81dc833ec4cedfc29165a3b5ab0533e47db5cfb71047967cabe95cf6d172c44"


def test_an_own_recipe_uses_the_template_beside_it_first(tmp_path: Path) -> None:
    (tmp_path / "sandbox").mkdir()
    (tmp_path / "sandbox" / "answer.txt").write_text("Mine: {{ question }}\n")
    own, bundled = load_recipe(own_recipe(tmp_path)), load_recipe("sandbox")
    assert own.prompts["sandbox/answer.txt"].startswith("Mine")
    assert own.prompts["sandbox/context.txt"] == bundled.prompts["sandbox/context.txt"]
    assert own.digest != bundled.digest


def test_the_digest_changes_with_every_figure_but_not_with_the_description() -> None:
    recipe = load_recipe("lab")
    assert replace(recipe, description="other").digest == recipe.digest
    assert replace(recipe, near_copy=0.5).digest != recipe.digest
    warm = replace(recipe.freeform, answer=replace(recipe.freeform.answer, temperature=0.1))
    assert replace(recipe, freeform=warm).digest != recipe.digest
    assert replace(recipe, prompts={**recipe.prompts, "lab/judge_pair.txt": "other"}).digest != recipe.digest


def test_registers_are_chosen_by_name() -> None:
    recipe = load_recipe("lab")
    assert recipe.freeform.judging.mode is JudgingMode.VERDICT

    def register(name: str) -> Register:
        return recipe.register(Leaf(name, Kind.FREEFORM, 3, "robin", "task", (), "blob"))

    assert register("compositional_skills/writing/poems") is Register.CREATIVE
    assert register("compositional_skills/extraction/dates") is Register.PRECISE
    answer = recipe.freeform.answer
    assert answer.heat(Register.CREATIVE) > answer.heat(Register.PRECISE) == 0


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_from_disk(str(tmp_path / "x.yaml"))


@pytest.mark.parametrize("name", bundled_recipes())
def test_bundled_recipes_are_as_the_published_schema_says(name: str) -> None:
    schema = json.loads(bundled_file("schema/generation-recipe.v1.schema.json").read_text())
    path = HERE / "recipes" / f"{name}.yaml"
    Draft202012Validator(schema).validate(read_plain_yaml(path.read_text(), source=name))
