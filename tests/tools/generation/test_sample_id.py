"""A sample's id is a digest over every field but its scores."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, fields, replace

from hypothesis import given
from hypothesis import strategies as st

from seedbed.generation.sample import Provenance, Sample, Stage
from seedbed.taxonomy.leaf import Span
from seedbed.teacher.teacher import Message, TeacherIdentity

text = st.text(st.characters(codec="utf-8"), max_size=12)
samples = st.builds(
    Sample,
    text,
    st.sampled_from(Stage),
    st.lists(st.builds(Message, text, text), max_size=3).map(tuple),
    st.booleans(),
    st.builds(
        Provenance,
        text,
        text,
        st.builds(TeacherIdentity, text, text, text),
        st.integers(0, 9),
        st.dictionaries(text, st.integers() | text | st.floats(allow_nan=False), max_size=3),
        st.none() | text,
        st.none() | text,
        st.none() | st.just(Span(1, 2, 3, 4)),
    ),
    st.just({}) | st.just({"pair": 3.0}),
)


@given(samples)
def test_the_id_is_that_of_all_fields(sample: Sample) -> None:
    content = asdict(sample)
    del content["scores"]
    written = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    assert sample.id == hashlib.sha256(written.encode()).hexdigest()[:32]


@given(samples)
def test_scores_do_not_count_and_every_field_is_known(sample: Sample) -> None:
    assert replace(sample, scores={"grounded": 0.5}).id == sample.id
    assert len(fields(Sample)) == 6 and len(fields(Provenance)) == 8
