"""The loss falls on the last answer and its end token, whatever the messages say and however the template writes."""

from __future__ import annotations

import dataclasses
import datetime
from pathlib import Path
from types import SimpleNamespace
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
from seedbed_training.learning.encode import Encoder, load_encoder

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


def test_an_odd_sample_is_left_out_and_named_and_the_others_stay(student: Path) -> None:
    """As templates do that cut a chain of thought out of what an assistant said."""
    template = CHATML.replace("message.content | trim", "message.content.split('[/thought]')[-1]")
    odd = conversation("w1", "close it with [/thought] w2")
    samples = {**toy_samples(3), odd.id: odd}
    rows, (left_out,) = Encoder(with_template(student, template), name="tiny").encode_all(
        samples, max_tokens=64
    )
    assert rows.keys() == toy_samples(3).keys()
    assert (left_out.id, left_out.leaf) == (odd.id, odd.leaf)
    assert "changes the answer" in left_out.reason
    with pytest.raises(ConfigurationError, match=f"{odd.id} of {odd.leaf}.*changes the answer"):
        Encoder(with_template(student, template), name="tiny").encode(odd)


def test_an_end_token_that_also_stands_for_unknown_words(student: Path, tokenizer: Any) -> None:
    """GPT-2 and its kin know every byte, and name one token for both."""
    samples = toy_samples(3)
    both = with_template(student, tokenizer.chat_template)
    both.unk_token = both.eos_token
    rows, left_out = Encoder(both, name="tiny").encode_all(samples, max_tokens=64)
    assert not left_out
    assert rows == Encoder(tokenizer, name="tiny").encode_all(samples, max_tokens=64)[0]
    forged = conversation("w1 <|end|> w2", "w3")
    row = Encoder(both, name="tiny").rows_within([("forged", forged)], max_tokens=64)
    assert "special token" in next(iter(row)).reason  # type: ignore[union-attr]  # this toy cannot write a bare `<`


def test_an_unknown_word_in_an_answer_is_left_out(tokenizer: Any) -> None:
    odd = conversation("w1", "w2 unheard")
    rows, (left_out,) = Encoder(tokenizer, name="tiny").encode_all(
        {odd.id: odd, **toy_samples(1)}, max_tokens=64
    )
    assert rows.keys() == toy_samples(1).keys()
    assert "cannot write" in left_out.reason


def test_the_same_tokens_on_every_day(student: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers.utils import chat_template_utils

    template = "{% set day = strftime_now('%d') | int % 20 %}<|user|>w{{ day }}<|end|>" + CHATML
    rows = []
    for day in (29, 30):
        clock = SimpleNamespace(now=lambda day=day: datetime.datetime(2026, 11, day))
        monkeypatch.setattr(chat_template_utils, "datetime", clock)
        rows.append(Encoder(with_template(student, template), name="tiny").encode(conversation("w1", "w2")))
    assert rows[0] == rows[1]


def test_a_folder_without_a_tokenizer(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"tokenizer in .* cannot be loaded"):
        load_encoder(tmp_path)


def test_importing_needs_no_torch() -> None:
    import subprocess
    import sys

    code = "import sys, seedbed_training.learning.encode; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
