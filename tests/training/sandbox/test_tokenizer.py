from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed_training.sandbox import base_student, roles
from seedbed_training.sandbox.build import sandbox_tokenizer
from seedbed_training.sandbox.pretraining import encode
from seedbed_training.sandbox.tokenizer import SPECIAL_TOKENS, UNKNOWN

TOKENIZER = sandbox_tokenizer()


@given(
    seed=st.integers(0, 2**32),
    draw=st.sampled_from([roles.draw_conversation, base_student.draw_conversation]),
)
def test_every_conversation_survives_encoding(seed, draw):
    for _, content in draw(Random(seed)):
        ids = TOKENIZER(content, add_special_tokens=False)["input_ids"]
        assert UNKNOWN not in ids
        assert TOKENIZER.decode(ids) == content


@given(seed=st.integers(0, 2**32))
def test_the_quick_rendering_is_the_chat_template(seed):
    conversation = roles.draw_conversation(Random(seed))
    messages = [{"role": role, "content": content} for role, content in conversation]
    assert TOKENIZER.apply_chat_template(messages, tokenize=False) == encode(conversation)


def test_the_generation_prompt_is_a_prefix_of_the_whole():
    asked = [{"role": "user", "content": "Count these words: lamp, rope"}]
    answered = [*asked, {"role": "assistant", "content": "two"}]
    prompt = TOKENIZER.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
    assert TOKENIZER.apply_chat_template(answered, tokenize=False).startswith(prompt)


@pytest.mark.parametrize("word", ["quantum", "Zürich", "lamps", "61"])
def test_other_words_are_unknown(word):
    assert UNKNOWN in TOKENIZER(f"Count these words: {word}", add_special_tokens=False)["input_ids"]


def test_special_tokens_come_first():
    assert TOKENIZER.convert_ids_to_tokens(range(len(SPECIAL_TOKENS))) == list(SPECIAL_TOKENS)
