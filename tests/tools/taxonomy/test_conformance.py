from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from seedbed.taxonomy.conformance import conforms_to
from seedbed.taxonomy.read_leaf import read_leaf
from seedbed.taxonomy.schema import schema_name

ROOT = Path(__file__).parents[3]
SCHEMAS = {
    path.name: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "schema").glob("leaf.*.json"))
}
GOOD = sorted((ROOT / "tests" / "leaves" / "good").glob("*.yaml"))


def sound_values(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Data that the schema allows."""
    if "const" in schema:
        return st.just(schema["const"])
    if schema["type"] == "string":
        return st.text(min_size=schema.get("minLength", 0), max_size=4)
    if schema["type"] == "integer":
        return st.integers()
    if schema["type"] == "array":
        least = schema.get("minItems", 0)
        return st.lists(
            sound_values(schema["items"]),
            min_size=least,
            max_size=least + 1,
            unique=schema.get("uniqueItems", False),
        )
    return st.fixed_dictionaries({key: sound_values(inner) for key, inner in schema["properties"].items()})


ODD = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=2) | st.just([]) | st.just({}) | st.just(1.0)
)


@st.composite
def nearly_sound(draw: st.DrawFn, schema: dict[str, Any]) -> Any:
    """Data that the schema allows, but for at most two places."""
    data = draw(sound_values(schema))
    for _ in range(draw(st.integers(0, 2))):
        node, owner, step = data, None, None
        while isinstance(node, dict | list) and node and (owner is None or draw(st.booleans())):
            owner = node
            step = draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
            node = node[step]
        what = draw(st.sampled_from(["replace", "drop", "add"]))
        if owner is None:
            continue
        if what == "replace":
            owner[step] = draw(ODD)
        elif what == "drop":
            del owner[step]
        elif isinstance(owner, dict):
            owner[draw(st.text(max_size=3))] = draw(ODD)
        else:
            owner.append(draw(ODD))
    return data


@pytest.mark.parametrize("name", SCHEMAS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_quick_answer_is_the_validators(name: str, data: st.DataObject) -> None:
    value = data.draw(nearly_sound(SCHEMAS[name]))
    certain, allowed = conforms_to(SCHEMAS[name])(value), Draft202012Validator(SCHEMAS[name]).is_valid(value)
    assert not certain or allowed
    if not has_float(value):
        assert certain == allowed


def has_float(value: object) -> bool:
    """`1.0` is an integer to a schema; the quick answer leaves such subtleties to the validator."""
    if isinstance(value, dict | list):
        return any(map(has_float, value.values() if isinstance(value, dict) else value))
    return isinstance(value, float)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_sound_leaf_needs_no_validator(path: Path) -> None:
    name = "knowledge/a/b" if path.stem.startswith("knowledge") else "compositional_skills/a/b"
    leaf = read_leaf(path.read_bytes(), path="x", name=name, blob="0" * 40)
    assert leaf.data is not None and leaf.leaf is not None
    schema = SCHEMAS[schema_name(leaf.leaf.branch, leaf.leaf.version)]
    assert conforms_to(schema)({**leaf.data, "version": leaf.leaf.version})


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^a"},
        {"type": ["string", "null"]},
        {"type": "object", "properties": {}},
        {"type": "array", "items": {"anyOf": [{"type": "string"}]}, "minItems": 1},
    ],
)
def test_a_schema_that_is_not_understood_is_left_to_the_validator(schema: dict[str, Any]) -> None:
    conforms = conforms_to(schema)
    assert not any(conforms(value) for value in ("a", {}, ["a"], None))
