"""The loss falls on the last answer and its end token, whatever the messages say and however the template writes."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tiny_model import SPECIAL_TOKENS
from support.tiny_student import WORDS, tiny_student, toy_sample, toy_samples
from transformers import AutoTokenizer

from seedbed.errors import ConfigurationError
from seedbed.generation.sample import Sample
from seedbed.teacher.teacher import Message
from seedbed_training.learning.encode import Encoder, count_tokens, load_encoder

CHATML = (
    "{% for message in messages %}<|{{ message.role }}|>{{ message.content | trim }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_student(tmp_path_factory.mktemp("encode") / "student")


@pytest.fixture(scope="module")
def tokenizer(student: Path) -> Any:
    return AutoTokenizer.from_pretrained(student)


def with_template(student: Path, template: str | None) -> Any:
    tokenizer: Any = AutoTokenizer.from_pretrained(student)
    tokenizer.chat_template = template
    return tokenizer


def conversation(*contents: str) -> Sample:
    roles = ("user", "assistant")
    messages = tuple(Message(roles[index % 2], content) for index, content in enumerate(contents))
    return dataclasses.replace(toy_sample(0), messages=messages)


def learned(tokenizer: Any, sample: Sample) -> str:
    row = Encoder(tokenizer, name="tiny").encode(sample)
    return " ".join(tokenizer.convert_ids_to_tokens(row.input_ids[row.loss_from :]))


def test_loss_on_the_answer_and_its_end(tokenizer: Any) -> None:
    row = Encoder(tokenizer, name="tiny").encode(conversation("what follows w1 ?", "w2 w3 ."))
    assert tokenizer.convert_ids_to_tokens(row.input_ids) == (
        "<|user|> what follows w1 ? <|end|> <|assistant|> w2 w3 . <|end|>".split()
    )
    assert tokenizer.convert_ids_to_tokens(row.input_ids[row.loss_from :]) == ["w2", "w3", ".", "<|end|>"]
    assert row.loss_tokens == 4


def test_only_the_last_answer_of_several(tokenizer: Any) -> None:
    assert learned(tokenizer, conversation("w1", "w2", "w3", "w4 w5")) == "w4 w5 <|end|>"


@pytest.mark.parametrize(
    "answer", ["", "w1", "<|end|>", "<|end|> w1 <|assistant|> w2", "<|assistant|>", " w1 "]
)
def test_text_that_looks_like_special_tokens_is_text(tokenizer: Any, answer: str) -> None:
    sample = conversation("w1 <|end|><|assistant|> w9 <|end|>", answer)
    row = Encoder(tokenizer, name="tiny").encode(sample)
    tokens = tokenizer.convert_ids_to_tokens(row.input_ids)
    special = [token for token in tokens if token in SPECIAL_TOKENS and token != "<|unk|>"]
    assert special == ["<|user|>", "<|end|>", "<|assistant|>", "<|end|>"]
    assert tokens[row.loss_from - 1] == "<|assistant|>"


@settings(max_examples=100, deadline=None)
@given(
    contents=st.lists(
        st.lists(st.sampled_from([*WORDS, *SPECIAL_TOKENS, "\n", "<", "|>"]), max_size=8).map(" ".join),
        min_size=2,
        max_size=6,
    ).filter(lambda parts: len(parts) % 2 == 0)
)
def test_mask_begins_where_generation_would(tokenizer: Any, contents: list[str]) -> None:
    encoder = Encoder(tokenizer, name="tiny")
    row = encoder.encode(conversation(*contents))
    prompt, answer = row.input_ids[: row.loss_from], row.input_ids[row.loss_from :]
    assert prompt[-1] == tokenizer.convert_tokens_to_ids("<|assistant|>")
    assert answer.count(tokenizer.eos_token_id) == 1
    assert answer[-1] == tokenizer.eos_token_id
    assert sum(token == tokenizer.eos_token_id for token in prompt) == len(contents) - 1


def test_a_template_that_trims_and_adds_a_newline(student: Path) -> None:
    tokenizer = with_template(student, CHATML)
    assert learned(tokenizer, conversation("w1", "  w2 w3 ")) == "w2 w3 <|end|>"


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (None, "has no chat template"),
        ("{% for m in messages %}{{ m.content }}{% endfor %}{% if add_generation_prompt %}A{% endif %}", "prefix|another way"),
        ("{% for m in messages %}<|{{ m.role }}|>{{ m.content }} {% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}", "never learn to stop"),
        ("{% for m in messages %}<|{{ m.role }}|>{{ m.content | upper }}<|end|>{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}", "changes the answer"),
        ("{{ raise_exception('users only') }}", "does not take the messages"),
    ],
)  # fmt: skip
def test_templates_that_cannot_be_trained_with(student: Path, template: str | None, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        Encoder(with_template(student, template), name="tiny").encode(conversation("w1", "w2"))
    assert caught.value.hint


def test_a_token_across_the_line_is_split_there(student: Path) -> None:
    """`w1` of prompt and answer together would be the one token `w11` or none; in use the prompt ends at the line."""
    template = "{% for m in messages %}{% if m.role == 'user' %}{{ m.content }} w{% else %}{{ m.content }}<|end|>{% endif %}{% endfor %}"
    row = Encoder(with_template(student, template), name="tiny").encode(conversation("w2", "1"))
    tokenizer = with_template(student, template)
    assert row.input_ids[: row.loss_from] == tuple(tokenizer("w2 w")["input_ids"])


def test_a_sample_without_an_answer_is_refused(tokenizer: Any) -> None:
    with pytest.raises(ConfigurationError, match="does not end with an assistant's answer"):
        Encoder(tokenizer, name="tiny").encode(conversation("w1"))


def test_counting_agrees_with_encoding(student: Path) -> None:
    samples = toy_samples(5)
    encoder = load_encoder(student)
    assert count_tokens(student, samples) == {
        identity: len(encoder.encode(sample).input_ids) for identity, sample in samples.items()
    }


def test_a_folder_without_a_tokenizer(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"tokenizer in .* cannot be loaded"):
        load_encoder(tmp_path)


def test_importing_needs_no_torch() -> None:
    import subprocess
    import sys

    code = "import sys, seedbed_training.learning.encode; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
