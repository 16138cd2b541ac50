from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from support.repositories import SKILL

from seedbed.bundled_files import bundled_file
from seedbed.config.plain_yaml import read_plain_yaml
from seedbed.generation.release_manifest import (
    GateRecord,
    LeafRecord,
    PhaseRecord,
    ReleaseManifest,
    Role,
    ScoreRecord,
)
from seedbed.generation.sample import Provenance, Sample, Stage
from seedbed.taxonomy.leaf import Span
from seedbed.taxonomy.places import place_name
from seedbed.taxonomy.read_leaf import read_leaf
from seedbed.taxonomy.schema import likely_key, schema_name, validate
from seedbed.teacher.teacher import Message, TeacherIdentity

SCHEMAS = sorted(bundled_file("schema").glob("*.json"))


def load(name: str) -> dict[str, Any]:
    return json.loads(bundled_file(f"schema/{name}.schema.json").read_text(encoding="utf-8"))


def properties(schema: Any) -> list[tuple[str, dict[str, Any]]]:
    """Every property of every object of a schema, at any depth."""
    found: list[tuple[str, dict[str, Any]]] = []
    if isinstance(schema, dict):
        found.extend(schema.get("properties", {}).items())
        for part in schema.values():
            found.extend(properties(part))
    elif isinstance(schema, list):
        for part in schema:
            found.extend(properties(part))
    return found


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_schema_is_valid_and_says_what_each_property_is(path: Path) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"].endswith("2020-12/schema")
    for name, described in properties(schema):
        assert "description" in described or "$ref" in described or "anyOf" in described, name
        if path.name.startswith("leaf."):
            assert described["title"], name
    assert (bundled_file("schema") / "README.md").is_file()


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_examples_fit_what_they_are_examples_of(path: Path) -> None:
    for name, described in properties(json.loads(path.read_text(encoding="utf-8"))):
        for example in described.get("examples", ()):
            assert Draft202012Validator(described).is_valid(example), (name, example)


def test_skill_schemas_of_versions_2_and_3_differ_in_nothing_but_their_version() -> None:
    second, third = load("leaf.v2.skill"), load("leaf.v3.skill")
    for schema in (second, third):
        for key in ("$id", "title"):
            del schema[key]
        del schema["properties"]["version"]
    assert second == third


def test_every_branch_and_version_has_a_schema() -> None:
    for branch in ("knowledge", "foundational_skills", "compositional_skills"):
        for version in (1, 2, 3):
            assert bundled_file(f"schema/{schema_name(branch, version)}").is_file()


def test_validate_without_places_still_answers() -> None:
    [fault] = validate(
        {"version": 3, "task_description": "x", "seed_examples": []}, branch="knowledge", version=3
    )[:1]
    assert fault.span == Span(1, 1, 1, 1)


def test_misspelt_and_missing_are_one_fault() -> None:
    data: Any = read_plain_yaml(SKILL.replace("created_by", "created-by"), source="leaf")
    [fault] = validate(data, branch="compositional_skills", version=3)
    assert (fault.kind, fault.replacement, fault.safe) == ("missing_key", "created_by", True)


def test_keys_missing_at_one_place_are_one_fault() -> None:
    [fault] = validate({"version": 3}, branch="compositional_skills", version=3)
    assert fault.value.split() == ["created_by", "task_description", "seed_examples"]
    assert (
        "no `created_by`, no `task_description` and no `seed_examples`, which must be there" in fault.message
    )
    assert fault.help == "add `created_by: …`, `task_description: …`, `seed_examples: …` at the top level"


def test_a_key_goes_with_its_partner_only_where_that_stands() -> None:
    def told(document: dict[str, object]) -> list[str]:
        data = {"version": 3, "document": {"patterns": ["a.md"], **document}}
        faults = validate(data, branch="knowledge", version=3)
        return [fault.value for fault in faults if fault.yaml_path == ("document",)]

    assert told({"repo": "https://example.org/a.git"}) == ["commit"]
    assert told({"commit": "0" * 40}) == ["repo"]
    assert told({}) == []


def test_unknown_key_beside_the_right_one_is_not_called_missing() -> None:
    data: Any = read_plain_yaml(SKILL, source="leaf")
    data["seed_examples"][0]["Answer"] = "x"
    [fault] = validate(data, branch="compositional_skills", version=3)
    assert (fault.kind, fault.replacement) == ("unknown_key", None)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("anwser", "answer"),
        ("Question", "question"),
        ("response", "answer"),
        ("contexts", "context"),
        ("colour", None),
    ],
)
def test_likely_key(written: str, meant: str | None) -> None:
    assert likely_key(written, ["question", "answer", "context"]) == meant


def test_place_names() -> None:
    assert place_name(()) == "the leaf"
    assert place_name(("seed_examples", 2, "answer")) == "`answer` of seed example 3"
    path = ("seed_examples", 1, "questions_and_answers", 0, "answer")
    assert place_name(path) == "`answer` of question 1 of seed example 2"
    assert place_name(("document", "patterns", 0)) == "item of `patterns` 1 of `document`"


def test_sample_and_release_have_the_form_that_their_schemas_describe() -> None:
    sample = Sample(
        leaf="knowledge/harbours/velm",
        stage=Stage.KNOWLEDGE_SHORT,
        messages=(Message("user", "Who signs?"), Message("assistant", "The harbour master.")),
        held_out=False,
        provenance=Provenance(
            "0" * 40, "digest", TeacherIdentity("openai", "m", "r"), 1, {"temperature": 0.7},
            "rules.md", "1" * 40, Span(1, 1, 2, 5),
        ),
        scores={"grounded": 1.0},
    )  # fmt: skip
    Draft202012Validator(load("sample.v1")).validate(json.loads(json.dumps(sample.to_json())))
    manifest = ReleaseManifest(
        "2026-01", None, "0" * 40, "sandbox", "a", "b", "sandbox", "c", "d", 0, "0.1.0",
        (LeafRecord("knowledge/a", "0" * 40, Role.FRESH, ("k",), 3, 1, ("robin",), "MIT"),),
        (PhaseRecord("one", "e", 1, 2, 0, 0.5),),
        (ScoreRecord("knowledge/a", 0.9, 0.8, 1.0, 4, 0.1, None),),
        GateRecord(True, ()),
    )  # fmt: skip
    Draft202012Validator(load("release.v1")).validate(json.loads(manifest.to_json()))


@pytest.mark.parametrize(
    "path",
    [
        *sorted(bundled_file("training/recipes").glob("*.yaml")),
        *sorted(Path("tools/seedbed/generation/recipes").glob("*.yaml")),
    ],
    ids=str,
)
def test_shipped_recipes_have_the_form_that_their_schemas_describe(path: Path) -> None:
    kind = "training" if "training" in path.parts else "generation"
    recipe = read_plain_yaml(path.read_text(encoding="utf-8"), source=str(path))
    Draft202012Validator(load(f"{kind}-recipe.v1")).validate(recipe)


def test_an_unknown_version_does_not_hide_what_else_is_wrong() -> None:
    raw = b"version: 4\ncreated_by: robin\ntask: t\nseed_examples:\n- question: q\n  answer: a\n"
    leaf = read_leaf(raw, path="x", name="compositional_skills/a/b", blob="0" * 40)
    assert leaf.leaf is None
    assert [(fault.kind, fault.value) for fault in leaf.faults] == [
        ("version", "4"),
        ("missing_key", "task"),
        ("too_few", "1"),
    ]
