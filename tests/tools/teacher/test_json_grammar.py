"""The transformers back end held to JSON schemas, with a model of random weights: nothing but the grammar helps it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tiny_model import build_byte_model

from seedbed.teacher.teacher import Completion, FinishReason, Message, Request
from seedbed.teacher.transformers_model import TransformersTeacher, load_transformers_teacher

QUOTED = {
    "type": "object",
    "properties": {"quote": {"type": "string"}, "answer": {"type": "string"}},
    "required": ["quote", "answer"],
    "additionalProperties": False,
}


def whole_object(properties: Mapping[str, object]) -> dict[str, object]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


SCALARS = st.sampled_from(
    [
        {"type": "string", "maxLength": 12},
        {"type": "string", "enum": ["YES", "NO", "\u00e9\n"]},
        {"type": "boolean"},
        {"type": "integer", "minimum": 0, "maximum": 999},
        {"type": "null"},
        {"const": 7},
    ]
)
SCHEMAS = st.recursive(
    SCALARS,
    lambda inner: (
        st.dictionaries(st.sampled_from("abc"), inner, min_size=1, max_size=3).map(whole_object)
        | inner.map(lambda items: {"type": "array", "items": items, "minItems": 1, "maxItems": 3})
    ),
    max_leaves=4,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_byte_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def teacher(folder: Path) -> TransformersTeacher:
    return load_transformers_teacher(str(folder))


def asking(text: str, schema: Mapping[str, object] | None, **settings: Any) -> Request:
    return Request((Message("user", text),), **{"max_tokens": 120, "json_schema": schema, **settings})


def answers(teacher: TransformersTeacher, *requests: Request) -> list[Completion]:
    async def all_at_once() -> list[Completion]:
        return await asyncio.gather(*(teacher.complete(request) for request in requests))

    return asyncio.run(all_at_once())


@settings(max_examples=12, deadline=None)
@given(SCHEMAS, st.integers(0, 2**32), st.sampled_from([1, 3, 20, 200]))
def test_an_answer_that_ends_fits_its_schema_and_a_cut_one_is_counted_as_cut(
    teacher: TransformersTeacher, schema: Mapping[str, object], seed: int, max_tokens: int
) -> None:
    found = answers(
        teacher,
        *(
            asking("what?", schema, seed=seed + index, temperature=1.5, max_tokens=max_tokens)
            for index in range(8)
        ),
    )
    for completion in found:
        if completion.finish_reason is FinishReason.STOP:
            jsonschema.validate(json.loads(completion.text), schema)
        else:
            assert completion.finish_reason is FinishReason.LENGTH
            assert completion.completion_tokens == max_tokens


def test_two_texts_of_any_length_are_whole_or_cut(teacher: TransformersTeacher) -> None:
    """Unbounded strings: the model ends them by chance alone, so some are whole and some are cut."""
    found = answers(
        teacher,
        *(asking("what?", QUOTED, seed=seed, temperature=1.0, max_tokens=400) for seed in range(32)),
    )
    whole = [answer for answer in found if answer.finish_reason is FinishReason.STOP]
    assert 0 < len(whole) < 32
    assert {answer.finish_reason for answer in found} <= {FinishReason.STOP, FinishReason.LENGTH}
    for answer in whole:
        assert set(json.loads(answer.text)) == {"quote", "answer"}


def test_an_answer_held_to_a_schema_does_not_depend_on_its_companions(teacher: TransformersTeacher) -> None:
    request = asking("what?", QUOTED, seed=5, temperature=0.8)
    [alone] = answers(teacher, request)
    free = [asking("what " * (1 + index % 3), None, seed=index, temperature=1.0) for index in range(12)]
    held = [asking("what?", whole_object({"a": {"type": "boolean"}}), seed=index) for index in range(6)]
    *_, among = answers(teacher, *free, *held, request)
    assert among == alone


def test_a_stop_string_does_not_cut_a_document(teacher: TransformersTeacher) -> None:
    request = asking("what?", whole_object({"a": {"type": "boolean"}}), stop=("a", ":"))
    [completion] = answers(teacher, request)
    assert json.loads(completion.text)["a"] in (True, False)


@pytest.mark.parametrize(
    "schema", [{"type": "nonsense"}, {"not": {"type": "string"}}, {"type": "string", "pattern": "(?=a)b"}]
)
def test_a_schema_without_a_grammar_is_refused_for_that_request_alone(
    teacher: TransformersTeacher, schema: Mapping[str, object]
) -> None:
    refused, fine = answers(teacher, asking("what?", schema), asking("what?", {"type": "boolean"}))
    assert refused.finish_reason is FinishReason.REFUSED
    assert "has no grammar" in refused.detail
    assert fine.text in ("true", "false")
