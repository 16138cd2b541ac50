"""Reading each text once, many at a time, gives the very tokens that reading prompt and whole one by one gives.

So plans and models keep what they had. The tokenizers are of the kinds that published models have; where they differ is
in what they do at the begin of a text, around added tokens and with blanks.
"""

from __future__ import annotations

import dataclasses
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tiny_student import toy_sample
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from seedbed.generation.sample import Sample
from seedbed.teacher.neutralise import neutralise
from seedbed.teacher.teacher import Message
from seedbed_training.learning.encode import EncodedSample, Encoder
from seedbed_training.learning.written_chat import Fault

SPECIAL = [
    "<pad>",
    "<unk>",
    "<s>",
    "</s>",
    "[INST]",
    "[/INST]",
    "<|user|>",
    "<|assistant|>",
    "<|end|>",
    "<|the▁cat|>",
]
PIECES = (
    *SPECIAL, "<", "|", ">", "end", " ", "  ", "\n", "\n\n", "\t", "_", "▁", "word", "Word", "the cat", "don't",
    "é", "ﬁ", "\uff1c|user|\uff1e", "1234", "x = [1, 2]", "</", "naïve", "日本", "<|the cat|>",
)  # fmt: skip
TEMPLATES = {
    "newline": (
        "{% for m in messages %}<|{{ 'assistant' if m.role == 'assistant' else 'user' }}|>\n{{ m.content }}<|end|>\n"
        "{% endfor %}{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
    ),
    "nothing": (
        "<s>{% for m in messages %}{% if m.role == 'assistant' %}{{ m.content }}</s>"
        "{% else %}[INST] {{ m.content }} [/INST]{% endif %}{% endfor %}"
    ),
    "blank": (
        "{% for m in messages %}{% if m.role == 'assistant' %}{{ m.content | trim }}<|end|>"
        "{% else %}<|user|>{{ m.content }}<|assistant|> \n {% endif %}{% endfor %}"
    ),
    "no marker": (
        "{% for m in messages %}{% if m.role == 'assistant' %}{{ m.content }}<|end|>\n"
        "{% else %}Q: {{ m.content }}\nA:{% endif %}{% endfor %}"
    ),
    "an answer's own blank": (
        "{% for m in messages %}{% if m.role == 'assistant' %} {{ m.content }}<|end|>"
        "{% else %}<|user|>{{ m.content }}\n\n{% endif %}{% endfor %}"
    ),
}
GPT_2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def _bytes() -> Tokenizer:
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    return made


def _bytes_by_regex_and_nfc() -> Tokenizer:
    made = Tokenizer(models.BPE())
    made.normalizer = normalizers.NFC()
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(GPT_2), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    return made


def _pieces(scheme: str) -> Tokenizer:
    made = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=False)
    return made


def _prepended() -> Tokenizer:
    made = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    return made


def _unigram() -> Tokenizer:
    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    return made


def _word_pieces() -> Tokenizer:
    made = Tokenizer(models.WordPiece(unk_token="<unk>"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return made


MADE = {
    "bytes": (_bytes, trainers.BpeTrainer),
    "bytes by regex, NFC": (_bytes_by_regex_and_nfc, trainers.BpeTrainer),
    "pieces, first": (lambda: _pieces("first"), trainers.BpeTrainer),
    "pieces, always": (lambda: _pieces("always"), trainers.BpeTrainer),
    "pieces, never": (lambda: _pieces("never"), trainers.BpeTrainer),
    "prepended": (_prepended, trainers.BpeTrainer),
    "unigram, NFKC": (_unigram, trainers.UnigramTrainer),
    "word pieces, lower case": (_word_pieces, trainers.WordPieceTrainer),
}


def _tokenizer(kind: str) -> Any:
    build, trainer = MADE[kind]
    made = build()
    text = ["".join(random.Random(seed).choices(PIECES, k=40)) for seed in range(200)]
    more: dict[str, Any] = {"unk_token": "<unk>"} if "unigram" in kind else {}
    if "bytes" in kind:
        more["initial_alphabet"] = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        text, trainer(vocab_size=500, special_tokens=SPECIAL, show_progress=False, **more)
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        bos_token="<s>",
        eos_token="<|end|>",
        unk_token="<unk>",
        pad_token="<pad>",
        additional_special_tokens=[*SPECIAL[3:8], SPECIAL[9]],
    )


TOKENIZERS = {kind: _tokenizer(kind) for kind in MADE}


def one_by_one(tokenizer: Any, sample: Sample) -> tuple[tuple[int, ...], int] | None:
    """The tokens of a sample and where its answer begins, by the book; None if a special token is in its text."""
    texts = [neutralise(message.content, tokenizer.all_special_tokens) for message in sample.messages]
    special = {*tokenizer.all_special_ids} - {tokenizer.unk_token_id}
    if any(special & {*tokenizer(text, add_special_tokens=False)["input_ids"]} for text in texts):
        return None
    chat = [
        {"role": message.role, "content": text} for message, text in zip(sample.messages, texts, strict=True)
    ]
    prompt = tokenizer.apply_chat_template(chat[:-1], tokenize=False, add_generation_prompt=True)
    whole = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=False)
    after = whole.index(texts[-1].strip(), len(prompt)) + len(texts[-1].strip())
    end = min(whole.find(token, after) % 10**9 + len(token) for token in ("<|end|>", "</s>"))
    text = whole[:end]
    alone = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    if ids[: len(alone)] != alone:
        ids = alone + tokenizer(text[len(prompt) :], add_special_tokens=False)["input_ids"]
    return tuple(ids), len(alone)


def conversation(contents: list[str]) -> Sample:
    roles = ("user", "assistant")
    messages = tuple(Message(roles[index % 2], content) for index, content in enumerate(contents))
    return dataclasses.replace(toy_sample(0), messages=messages)


def check(kind: str, template: str, conversations: list[list[str]]) -> int:
    """How many of them could be encoded."""
    tokenizer = TOKENIZERS[kind]
    tokenizer.chat_template = TEMPLATES[template]
    encoder = Encoder(tokenizer, name=kind, end_ids=[tokenizer.convert_tokens_to_ids("</s>")])
    samples = [conversation(contents) for contents in conversations]
    rows = list(encoder.rows((str(place), sample) for place, sample in enumerate(samples)))
    for row, sample in zip(rows, samples, strict=True):
        expected = one_by_one(tokenizer, sample)
        if isinstance(row, Fault):
            assert expected is None, row
        else:
            assert (row.input_ids, row.loss_from) == expected
    return sum(isinstance(row, EncodedSample) for row in rows)


TEXTS = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("template", TEMPLATES)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_the_same_tokens_as_one_by_one(kind: str, template: str, data: st.DataObject) -> None:
    turns = st.lists(TEXTS, min_size=2, max_size=4).filter(lambda texts: len(texts) % 2 == 0)
    check(kind, template, data.draw(st.lists(turns, min_size=1, max_size=4)))


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("template", TEMPLATES)
def test_the_same_tokens_of_ordinary_text(kind: str, template: str) -> None:
    drawn = random.Random(7)
    conversations = [[" ".join(drawn.choices(["word", "the cat", "é", "1234\n", "don't"], k=30)) for _ in range(2)] for _ in range(20)]  # fmt: skip
    assert check(kind, template, conversations) == 20


@pytest.mark.parametrize("unknown", ["<unk>", "<|end|>"])
@pytest.mark.parametrize("written", ["\uff1c|end|\uff1e", "<|the cat|>"])
def test_what_only_a_tokenizer_puts_together_is_found(written: str, unknown: str) -> None:
    """By normalisation or by how it writes blanks; even where the end token is named as the unknown one too."""
    pieces = [(token, 0.0) for token in SPECIAL] + [(letter, -9.0) for letter in "▁<|>\nabcdehnortuw"]
    made = Tokenizer(models.Unigram(pieces, unk_id=1))
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=made,
        eos_token="<|end|>",
        unk_token=unknown,
        pad_token="<pad>",
        additional_special_tokens=[*SPECIAL[3:8], SPECIAL[9]],
    )
    tokenizer.chat_template = TEMPLATES["newline"]
    marks = tokenizer.convert_tokens_to_ids(["<|end|>", "<|the▁cat|>"])
    assert not {*tokenizer(written)["input_ids"]}.isdisjoint(marks)
    (row,) = Encoder(tokenizer, name="odd").rows([("odd", conversation(["word", f"word {written}"]))])
    assert isinstance(row, Fault)
    assert "special token" in row.reason
