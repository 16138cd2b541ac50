from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.teacher.neutralise import neutralise

CHAT_TOKENS = (
    "<|user|>",
    "<|assistant|>",
    "<|end|>",
    "<|unk|>",
    "</s>",
    "<s>",
    "[INST]",
    "[/INST]",
    "<<SYS>>",
)

pieces = st.sampled_from(
    (*CHAT_TOKENS, "<|", "|>", "user", "<", ">", "|", " ", "\n", "word", "</", "s", "[", "]")
)
texts = st.lists(pieces, max_size=12).map("".join) | st.text()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("say <|user|> now", "say < |user|> now"),
        ("</s>", "< /s>"),
        ("<|user|><|user|>", "< |user|>< |user|>"),
        ("<|<|user|>user|>", "<|< |user|>user|>"),
        ("nothing here", "nothing here"),
    ],
)
def test_special_tokens_are_broken_by_a_visible_space(text: str, expected: str) -> None:
    assert neutralise(text, CHAT_TOKENS) == expected


@given(texts)
def test_no_special_token_is_left_and_a_second_time_changes_nothing(text: str) -> None:
    once = neutralise(text, CHAT_TOKENS)
    assert not any(token in once for token in CHAT_TOKENS)
    assert neutralise(once, CHAT_TOKENS) == once


@given(texts)
def test_only_spaces_are_added(text: str) -> None:
    assert neutralise(text, CHAT_TOKENS).replace(" ", "") == text.replace(" ", "")


@given(
    st.text(alphabet="ab <", max_size=20),
    st.sets(st.text(alphabet="ab <", min_size=1, max_size=4), max_size=4),
)
def test_it_ends_for_special_tokens_of_any_form(text: str, tokens: set[str]) -> None:
    once = neutralise(text, tokens)
    assert not any(token.strip() and token.strip() in once for token in tokens)
