from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.teacher.structured_answer import strict_json, structured_completion
from seedbed.teacher.teacher import FinishReason

DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(DOCUMENTS)
def test_a_document_keeps_its_meaning(document: object) -> None:
    written = strict_json(json.dumps(document))
    assert written is not None and json.loads(written) == document


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a":"one\ntwo\t\x01"}', {"a": "one\ntwo\t\x01"}),  # raw control characters
        ('{"a":"\\ud800 \\udc00x"}', {"a": "\ufffd \ufffdx"}),  # halves of pairs
        ('{"a":"\\ud83d\\ude00"}', {"a": "\N{GRINNING FACE}"}),  # a whole pair
        ('  {"b":1,\n"a":2} ', {"b": 1, "a": 2}),
    ],
)
def test_what_a_strict_reader_would_refuse_is_written_anew(text: str, expected: object) -> None:
    written = strict_json(text)
    assert written is not None and json.loads(written) == expected
    written.encode("utf-8")


@pytest.mark.parametrize(
    "text", ["", "{", '{"a":}', "NaN", "[-Infinity]", "1e999", "[" * 100_000, "9" * 5000, "yes"]
)
def test_what_is_no_json_is_none(text: str) -> None:
    assert strict_json(text) is None


def test_a_cut_answer_is_counted_as_cut_and_a_broken_one_as_failed() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}

    def outcome(text: str, *, ended: bool = True) -> tuple[str, FinishReason, str]:
        completion = structured_completion(text, schema, ended=ended, prompt_tokens=3, completion_tokens=2)
        assert (completion.prompt_tokens, completion.completion_tokens) == (3, 2)
        return completion.text, completion.finish_reason, completion.detail

    assert outcome('{"a": 1}') == ('{"a":1}', FinishReason.STOP, "")
    assert outcome('{"a": 1}', ended=False) == ('{"a": 1}', FinishReason.LENGTH, "")
    assert outcome('{"a": ') == ("", FinishReason.FAILED, "the answer ended, but is not JSON: …'{\"a\": '")
    wrong = "the answer is not of its schema: a fails `type`"
    assert outcome('{"a": "1"}') == ("", FinishReason.FAILED, wrong)
