from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from seedbed.taxonomy.characters import unwanted_at, unwanted_in_value

ANYTHING = st.text(
    st.characters() | st.sampled_from("\r\n\t\x00\x85\u2028\ufeff\ufffe\U0001ffff\U0010fffe\ud800")
)


def plainly_unwanted(character: str) -> bool:
    """The law in its slow form, one character at a time."""
    number = ord(character)
    control = (number < 0x20 and character not in "\t\n\r") or 0x7F <= number <= 0x9F
    noncharacter = number & 0xFFFE == 0xFFFE or 0xFDD0 <= number <= 0xFDEF
    return control or noncharacter or character in "\u2028\u2029" or 0xD800 <= number <= 0xDFFF


@given(ANYTHING)
def test_the_first_unwanted_character_is_found(text: str) -> None:
    lone = {match.start() for match in re.finditer("\r(?!\n)", text)}
    expected = [at for at, character in enumerate(text) if plainly_unwanted(character) or at in lone]
    assert unwanted_at(text) == (expected[0] if expected else None)


@given(ANYTHING)
def test_a_value_may_hold_no_carriage_return(value: str) -> None:
    expected = [character for character in value if plainly_unwanted(character) or character == "\r"]
    assert unwanted_in_value(value) == (expected[0] if expected else None)
