"""A prompt's special tokens are the template's own, whatever stands in the messages."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tiny_model import SPECIAL_TOKENS, build_byte_model, build_tiny_model

from seedbed.teacher.chat_prompt import ChatPrompt, special_token_ids
from seedbed.teacher.teacher import Message

PIECES = st.sampled_from(
    [*SPECIAL_TOKENS, "<|", "|>", "<", ">", "end", "user", "assistant", " ", "|", "a", "é", "\n"]
)
HOSTILE = st.lists(PIECES, max_size=12).map("".join)
ROLES = st.sampled_from(["system", "user", "assistant"])


@pytest.fixture(scope="module", params=["bytes", "words"])
def chat(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[ChatPrompt, list[int]]:
    from transformers import AutoTokenizer

    folder: Path = tmp_path_factory.mktemp("model")
    if request.param == "bytes":
        build_byte_model(folder)
    else:
        build_tiny_model(folder, words=["end", "user", "a"])
    tokenizer = AutoTokenizer.from_pretrained(folder)
    special = special_token_ids(tokenizer) - {tokenizer.unk_token_id}
    return ChatPrompt(tokenizer, model="tiny"), sorted(special)


@given(st.lists(st.tuples(ROLES, HOSTILE), min_size=1, max_size=3))
def test_no_message_brings_a_special_token(
    chat: tuple[ChatPrompt, list[int]], messages: list[tuple[str, str]]
) -> None:
    prompt, special = chat
    plain = prompt.tokens([Message(role, "a") for role, _ in messages])
    hostile = prompt.tokens([Message(role, content) for role, content in messages])
    if isinstance(hostile, str):  # refused is as good
        assert "special token" in hostile
        return
    assert [token for token in hostile if token in special] == [token for token in plain if token in special]


def test_a_template_that_looks_into_a_message_is_not_taken_for_a_forgery(
    chat: tuple[ChatPrompt, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    prompt, _ = chat
    template = prompt._tokenizer.chat_template.replace(
        "<|end|>", "{% if 'a' in message.content %}<|end|>{% endif %}"
    )
    monkeypatch.setattr(prompt._tokenizer, "chat_template", template)
    monkeypatch.setattr(prompt, "_marks", {})
    assert not isinstance(prompt.tokens([Message("user", "a a")]), str)
