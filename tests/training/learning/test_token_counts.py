"""Counts are those of the encoder, are kept, and never outlive what they depend on."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
from support.tiny_student import tiny_student, toy_sample, toy_samples

from seedbed.errors import ConfigurationError
from seedbed.teacher.teacher import Message
from seedbed_training.learning import encode
from seedbed_training.learning.encode import load_encoder
from seedbed_training.learning.token_counts import count_tokens

CUTTING = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content.split('[/thought]')[-1] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_student(tmp_path_factory.mktemp("counts") / "student")


def test_counting_agrees_with_encoding(student: Path) -> None:
    samples = toy_samples(5)
    encoder = load_encoder(student)
    assert count_tokens(student, samples).tokens == {
        identity: len(encoder.encode(sample).input_ids) for identity, sample in samples.items()
    }


def test_kept_counts_are_not_counted_again(
    student: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = toy_samples(7)
    some = dict(list(samples.items())[:4])
    assert count_tokens(student, some, kept_in=tmp_path) == count_tokens(student, some)
    assert count_tokens(student, samples, kept_in=tmp_path) == count_tokens(student, samples)
    monkeypatch.setattr(encode, "load_encoder", lambda folder: pytest.fail("loaded a tokenizer"))
    again = count_tokens(student, samples, kept_in=tmp_path)
    assert list(again.tokens) == list(samples)
    assert count_tokens(student, some, kept_in=tmp_path).tokens == {key: again.tokens[key] for key in some}


def test_another_template_has_counts_of_its_own(student: Path, tmp_path: Path) -> None:
    samples = toy_samples(3)
    other = shutil.copytree(student, tmp_path / "other")
    template = "<|user|>" + encode.load_encoder(student)._form.sources[0]
    settings = json.loads((other / "tokenizer_config.json").read_text())
    (other / "chat_template.jinja").write_text(template)
    (other / "tokenizer_config.json").write_text(json.dumps({**settings, "chat_template": template}))
    before = count_tokens(student, samples, kept_in=tmp_path / "kept").tokens
    after = count_tokens(other, samples, kept_in=tmp_path / "kept").tokens
    assert after == {identity: count + 1 for identity, count in before.items()}
    assert len(list((tmp_path / "kept").iterdir())) == 2


@pytest.mark.parametrize("damage", [b"", b"no such format", None])
def test_damaged_counts_are_counted_anew(student: Path, tmp_path: Path, damage: bytes | None) -> None:
    samples = toy_samples(3)
    whole = count_tokens(student, samples, kept_in=tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-3] if damage is None else damage)
    assert count_tokens(student, samples, kept_in=tmp_path) == whole
    assert count_tokens(student, samples, kept_in=tmp_path) == whole


def test_an_odd_sample_is_left_out_each_time_and_all_of_them_are_an_error(
    student: Path, tmp_path: Path
) -> None:
    base = shutil.copytree(student, tmp_path / "base")
    (base / "chat_template.jinja").write_text(CUTTING)
    odd = dataclasses.replace(
        toy_sample(0), messages=(Message("user", "w1"), Message("assistant", "w3 [/thought] w2"))
    )
    samples = {odd.id: odd, **toy_samples(3)}
    for _ in range(2):
        counts = count_tokens(base, samples, kept_in=tmp_path / "kept")
        assert counts.tokens.keys() == toy_samples(3).keys()
        assert [(entry.id, entry.leaf) for entry in counts.left_out] == [(odd.id, odd.leaf)]
    with pytest.raises(ConfigurationError, match=f"{odd.id} of {odd.leaf}.*changes the answer"):
        count_tokens(base, {odd.id: odd}, kept_in=tmp_path / "kept")


def test_nothing_to_count_loads_nothing(tmp_path: Path) -> None:
    assert count_tokens(tmp_path / "nowhere", {}, kept_in=tmp_path).tokens == {}
