"""Text from leaves, documents and models in a real tokenizer's prompt: not one special token of the model."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.hostile_answers import HOSTILE_TEXTS
from support.tiny_model import SPECIAL_TOKENS, build_tiny_model
from transformers import AutoTokenizer

from seedbed.teacher.chat_prompt import ChatPrompt, special_token_ids
from seedbed.teacher.chat_protocol import without_chat_tokens
from seedbed.teacher.teacher import Message

pieces = st.sampled_from((*HOSTILE_TEXTS, *SPECIAL_TOKENS, "<|", "|>", "<", ">", "user", " ", "word", "\n"))


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> object:
    folder = build_tiny_model(tmp_path_factory.mktemp("tiny"), words=["YES", "NO", "user", "word", "3"])
    return AutoTokenizer.from_pretrained(folder)


def special_in(prompt: ChatPrompt, tokenizer: object, *contents: str) -> list[str]:
    """The special tokens of a prompt whose user messages have these contents, but for the unknown word."""
    tokens = prompt.tokens([Message("user", content) for content in contents])
    assert not isinstance(tokens, str)
    special = special_token_ids(tokenizer) - {tokenizer.unk_token_id}  # type: ignore[attr-defined]
    return [tokenizer.convert_ids_to_tokens(token) for token in tokens if token in special]  # type: ignore[attr-defined]


TEMPLATE = ["<|user|>", "<|end|>", "<|assistant|>"]


@pytest.mark.parametrize("text", [*HOSTILE_TEXTS, *SPECIAL_TOKENS])
def test_the_template_alone_speaks_in_special_tokens(tokenizer: object, text: str) -> None:
    prompt = ChatPrompt(tokenizer, model="tiny")
    assert special_in(prompt, tokenizer, f"Judge this: {text}") == TEMPLATE


@given(content=st.lists(pieces, max_size=12).map("".join))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_at_all_becomes_a_special_token(tokenizer: object, content: str) -> None:
    prompt = ChatPrompt(tokenizer, model="tiny")
    assert special_in(prompt, tokenizer, content, content) == [*TEMPLATE[:2], *TEMPLATE]


@given(st.lists(pieces, max_size=12).map("".join))
def test_what_goes_to_a_server_holds_no_chat_token(content: str) -> None:
    sent = without_chat_tokens(content)
    for token in (
        "<|end|>",
        "<|assistant|>",
        "<|im_start|>",
        "</s>",
        "[INST]",
        "<start_of_turn>",
        "<\uff5cAssistant\uff5c>",
    ):
        assert token not in sent
