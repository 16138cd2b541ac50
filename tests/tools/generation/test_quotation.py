"""Quotations: to the word, whatever the marks, dashes and blanks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.generation.quotation import quoted_form, stands_in

WORDS = "the pier was built in 1869 by Ada 12 well-kept boats' owners said it\u2019s \u201cold\u201d \u2013 very \u2013 old".split()
passages = st.lists(st.sampled_from(WORDS), min_size=4, max_size=30)
SWAPS = {"'": "\u2019", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "\u2014", "-": "\u2011"}


@given(passages, st.data())
def test_any_stretch_of_words_stands_in_its_passage_in_any_typography(
    words: list[str], data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(words) - 3))
    end = data.draw(st.integers(start + 3, len(words)))
    stretch = words[start:end]
    if sum(any(sign.isalnum() for sign in word) for word in stretch) < 3:
        return
    swapped = ["".join(SWAPS.get(sign, sign) for sign in word) for word in stretch]
    blanks = [data.draw(st.sampled_from([" ", "  ", "\n", "\u00a0", "\t "])) for _ in swapped]
    quote = "".join(word + blank for word, blank in zip(swapped, blanks, strict=True))
    assert stands_in(quote, " ".join(words))
    assert stands_in(f"“{quote.strip()}”", " ".join(words))


@given(passages, st.integers(min_value=0))
def test_a_changed_number_or_word_does_not_stand(words: list[str], place: int) -> None:
    changed = list(words)
    changed[place % len(words)] = "1870"
    assert not stands_in(" ".join(changed), " ".join(words))


@given(st.text())
def test_the_form_is_stable(text: str) -> None:
    assert quoted_form(quoted_form(text)) == quoted_form(text)


@given(st.text(), st.text())
def test_what_stands_in_a_text_is_a_part_of_its_form(quote: str, text: str) -> None:
    if stands_in(quote, text):
        assert quoted_form(quote).strip(" '\".") in quoted_form(text)


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("The pier was built in 1869", True),
        ("the pier was built in 1869", False),  # case is part of a quotation
        ("pier was built in 186", False),  # not inside a word or number
        ("he pier was built", False),
        ("built in", False),  # too short to bear anything
        ("", False),
        ('"""', False),
        ("It is well - kept, and old", True),
        ("The pier was built in 1869. It is well-kept, and old.", True),
    ],
)
def test_examples(quote: str, found: bool) -> None:
    assert stands_in(quote, "The pier was built\nin 1869. It is well\u2010kept, and old.") is found


def test_a_text_of_one_word_can_be_quoted_whole() -> None:
    assert stands_in("Granite.", "Granite") and not stands_in("Gran", "Granite")
