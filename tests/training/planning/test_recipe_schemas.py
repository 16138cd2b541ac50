"""The schemas that editors use say of every key of a recipe what the reader says, since both go by its declaration."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

import pytest
from jsonschema import Draft202012Validator
from support.golden import assert_golden
from support.recipe_schema import recipe_schema

from seedbed.bundled_files import bundled_file
from seedbed.config.strict_reading import Origin, read_as
from seedbed.errors import ConfigurationError
from seedbed.generation.recipe import (
    GenerationRecipe,
    HeldOutRecipe,
    JudgingRecipe,
    PassageRecipe,
    StepRecipe,
    StreamRecipe,
    ViewRecipe,
)
from seedbed_training.planning.recipe import LoraRecipe, PhaseRecipe, ReplayRecipe, TrainingRecipe

ANYTHING: tuple[Any, ...] = (
    None, True, 0, -1, 1, 2, 3, 20, 0.5, -0.5, 1.5, 100.5, "", " ", "x", "none", "turn", "../up", "about {subject}", [],
    {}, [0.5], [0.5, 0.9], [1, 1], ["x"], [""], [None], ["compositional"], ["compositional", "nothing"], {"x": 1}, [{}],
)  # fmt: skip
"""In the place of every value in turn."""

KINDS: dict[str, type[Any]] = {"training": TrainingRecipe, "generation": GenerationRecipe}

PHASE = {
    "name": "one", "stages": ["foundational"], "replay_stages": ["compositional"], "epochs": 1, "learning_rate": 0.1,
    "warmup_steps": 0, "published_samples": 9,
}  # fmt: skip
REPLAY = {
    "leaf_share": 0.1, "phase_share": 0, "minimum_per_leaf": 1, "strategy": "none", "scope": "same_phase",
    "knowledge_coverage": 0.5, "samples_per_fact": 3, "skill_exemplars": None,
}  # fmt: skip
LORA = {"rank": 8, "alpha": 16.0, "dropout": 0.1, "targets": ["q_proj"], "keep_adapter": True}
STEP = {
    "prompt": "a.txt", "max_tokens": 8, "temperature": 1, "creative_temperature": None, "system": "b.txt", "seeds": 2,
    "exemplar": "none", "quote": True,
}  # fmt: skip
JUDGING = {
    "mode": "verdict", "second_temperature": 0.0, "question_criteria": ["a.txt"], "answer_criteria": ["a.txt"],
    "safety_criteria": [], "pair": None, "minimum_pair": 2, "system": None, "minimum_probability": 0.5,
}  # fmt: skip
SHORT = {"prompt": "a.txt", "max_tokens": 8}
STREAM = {
    "attempts": 3, "question": SHORT, "answer": SHORT, "judging": {"mode": "second_answer"}, "samples": 1,
    "context": None, "quota": "leaf",
}  # fmt: skip
VIEW = {
    "name": "v", "instruction": "of {subject}", "write": SHORT, "judging": {"mode": "verdict"}, "form": "facts",
    "attempts": 2,
}  # fmt: skip
PASSAGES = {"words": 20, "form": "plain"}
HELD_OUT = {"seeds": 0.1, "samples": 1}
WHOLE: dict[type[Any], dict[str, Any]] = {
    PhaseRecipe: PHASE, ReplayRecipe: REPLAY, LoraRecipe: LORA,
    TrainingRecipe: {
        "name": "r", "description": "d", "base_model": "b", "phases": [PHASE], "replay": REPLAY, "batch_samples": 1,
        "micro_batch_tokens": 1, "max_tokens": 2, "chat_template": "labradorite", "schedule": "linear",
        "weight_decay": 0, "betas": [0, 0.5],
        "epsilon": 0.1, "gradient_clip": 1, "divergence_factor": 2, "divergence_steps": 1, "batching": "padded",
        "precision": "bf16", "matmul_precision": "medium", "compile": True, "activation_checkpointing": True,
        "lora": LORA, "checkpoint_steps": 1, "candidates": 2,
    },
    StepRecipe: STEP, JudgingRecipe: JUDGING, StreamRecipe: STREAM, ViewRecipe: VIEW, PassageRecipe: PASSAGES,
    HeldOutRecipe: HELD_OUT,
    GenerationRecipe: {
        "name": "r", "description": "", "freeform": STREAM, "grounded": STREAM, "knowledge_short": STREAM,
        "knowledge_long": STREAM, "passages": PASSAGES, "held_out": HELD_OUT, "near_copy": 0.5, "entrance": 0,
        "closed_vocabulary": False, "creative_leaves": ["a/*"], "views": [VIEW], "seeds_from": "branch",
    },
}  # fmt: skip
"""Every part of a recipe, with every key."""


@pytest.mark.parametrize("name", KINDS)
def test_the_schema_is_what_the_declarations_give(name: str) -> None:
    """SEEDBED_WRITE_GOLDEN=1 writes it anew."""
    made = recipe_schema(KINDS[name], name=name, extensible=name == "generation")
    text = json.dumps(made, indent=2, ensure_ascii=False) + "\n"
    assert_golden(bundled_file(f"schema/{name}-recipe.v1.schema.json"), text)


@pytest.mark.parametrize("kind", WHOLE, ids=lambda kind: kind.__name__)
def test_reader_and_schema_agree_on_every_value_of_every_key(kind: type[Any]) -> None:
    name = next(name for name, whole in KINDS.items() if kind in parts(whole))
    schema = json.loads(bundled_file(f"schema/{name}-recipe.v1.schema.json").read_text(encoding="utf-8"))
    if kind is not KINDS[name]:
        part = kind.__name__.removesuffix("Recipe").lower()
        schema = {"$ref": f"#/$defs/{part}", "$defs": schema["$defs"]}
    valid = Draft202012Validator(schema).is_valid
    data = WHOLE[kind]
    assert set(data) == {item.name for item in fields(kind) if item.name != "prompts"}
    assert reads(kind, data) and valid(data)
    for key in data:
        for value in ANYTHING:
            other = {**data, key: value}
            assert reads(kind, other) == valid(other), (key, value)
        without = {name: value for name, value in data.items() if name != key}
        assert reads(kind, without) == valid(without), key
    unknown = {**data, "colour": 1}
    assert not reads(kind, unknown) and not valid(unknown)


@pytest.mark.parametrize("kind", KINDS.values())
def test_every_key_says_what_it_means_and_every_figure_in_which_unit(kind: type[Any]) -> None:
    assert set(parts(kind)) <= set(WHOLE)
    for part in parts(kind):
        for item in fields(part):
            assert item.metadata["help"].endswith("."), (part, item.name)
            if get_type_hints(part)[item.name] in (int, float, int | None, float | None):
                assert item.metadata["unit"] or item.name == "alpha", (part, item.name)


def reads(kind: type[Any], data: dict[str, Any]) -> bool:
    found = {"prompts": {}} if kind is GenerationRecipe else {}
    try:
        read_as(kind, {**data, **found}, Origin(lambda path: "r.yaml"))
    except ConfigurationError:
        return False
    return True


def parts(kind: type[Any]) -> Iterator[type[Any]]:
    """The dataclass and all that it holds."""
    yield kind
    for hint in get_type_hints(kind).values():
        for inner in (hint, *get_args(hint)):
            if is_dataclass(inner) and isinstance(inner, type):
                yield from parts(inner)
