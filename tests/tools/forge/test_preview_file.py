"""The preview between the job with the key and the one with the token: what was written is shown, anything else refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from support.naughty_strings import NAUGHTY
from support.sample_previews import full_preview, hostile_preview

from seedbed.bundled_files import bundled_file
from seedbed.errors import UsageError
from seedbed.forge.preview_file import MAXIMUM_BYTES, read_preview_file
from seedbed.generation.funnel import Loss
from seedbed.generation.preview import STOPPED, Preview
from seedbed.generation.sample import Stage
from seedbed.reports.preview_json import preview_json
from seedbed.reports.preview_markdown import preview_markdown

SCHEMA = json.loads(bundled_file("schema/preview.v1.schema.json").read_text(encoding="utf-8"))
EMPTY = Preview("a" * 40, "b" * 40, "--base main", "", None, "lab", ())


@pytest.mark.parametrize(
    "preview",
    [full_preview(), EMPTY, replace(full_preview(), stopped="tokens"), *map(hostile_preview, NAUGHTY[::7])],
)
def test_what_was_written_is_shown(preview: Preview, tmp_path: Path) -> None:
    file = tmp_path / "preview.json"
    file.write_text(preview_json(preview), encoding="utf-8")
    read = read_preview_file(file)
    assert preview_markdown(read) == preview_markdown(replace(preview, seconds=read.seconds))


def test_the_form_knows_every_reason_and_stage() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$defs"]["loss"]["enum"] == list(Loss)
    assert SCHEMA["$defs"]["stage"]["enum"] == list(Stage)
    assert SCHEMA["properties"]["stopped"]["enum"] == [*STOPPED, None]


WHOLE = json.loads(preview_json(full_preview()))


def changed(**fields: Any) -> bytes:
    return json.dumps(WHOLE | fields).encode()


def changed_leaf(**fields: Any) -> bytes:
    return changed(leaves=[WHOLE["leaves"][0] | fields])


HOSTILE = {
    "empty": b"",
    "deep": b"[" * 200_000,
    "no number": changed(seconds=0).replace(b'"seconds": 0', b'"seconds": NaN'),
    "too large": b" " * (MAXIMUM_BYTES + 1),
    "a branch for a commit": changed(head="main"),
    "too many leaves": changed(leaves=WHOLE["leaves"][:1] * 1_001),
    "a change of its own": changed_leaf(change="<b>"),
    "a stage of its own": changed_leaf(funnels={"<b>": {}}),
    "a sample without an answer": changed_leaf(
        samples=[WHOLE["leaves"][0]["samples"][0] | {"messages": [{"role": "user", "content": "x"}]}]
    ),
    "text for a number": changed_leaf(teacher_tokens="<b>"),
    "a count below nothing": changed_leaf(teacher_tokens=-1),
    "a reason of its own": changed_leaf(
        rejected=[{"stage": "compositional", "question": "", "answer": "", "reason": "@everyone"}]
    ),
    "a cap of its own": changed(stopped="@everyone"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_anything_else_is_refused_in_our_words(name: str, tmp_path: Path) -> None:
    file = tmp_path / "preview.json"
    file.write_bytes(HOSTILE[name])
    with pytest.raises(UsageError, match=r"^the preview (is|cannot) [\w .-]+$"):
        read_preview_file(file)


PLACES = st.sampled_from(sorted(WHOLE["leaves"][0]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PLACES, VALUES)
def test_no_value_anywhere_is_more_than_refused(tmp_path: Path, place: str, value: object) -> None:
    file = tmp_path / "preview.json"
    file.write_bytes(changed_leaf(**{place: value}))
    try:
        preview_markdown(read_preview_file(file))
    except UsageError as error:
        assert error.message.startswith("the preview is not")
