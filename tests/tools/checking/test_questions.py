"""Laws of the question index, and what counts as nearly the same question."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.checking.passages import nearest_passage
from seedbed.checking.questions import QuestionIndex, bands, questions_in, shingles, sketch
from seedbed.checking.rules.question_nearby import LEAST_SIMILARITY, likeness
from seedbed.checking.texts import words_of

WORDS = st.lists(
    st.sampled_from("sea tide gull ship fog bell harbour light rope sail keel north wind".split()),
    min_size=5,
    max_size=14,
)


@given(WORDS)
def test_a_question_is_found_by_its_own_words(words: list[str]) -> None:
    index = QuestionIndex()
    index.add("a", f"- question: {' '.join(words)}?\n  answer: x\n")
    assert index.same(" ".join(words).upper()) == ["a"]
    assert index.near(" ".join(words)) == ["a"]


@given(WORDS, st.sampled_from(["really", "please"]))
def test_what_differs_in_a_shingle_or_two_mostly_shares_a_band(words: list[str], extra: str) -> None:
    longer = [*words, extra]
    kept = len(shingles(words) & shingles(longer)) / len(shingles(longer))
    if kept >= 0.95:
        assert set(bands(sketch(words))) & set(bands(sketch(longer)))


@pytest.mark.parametrize(
    "text",
    [
        "- question: When is low water today?\n  answer: x\n",
        "- answer: x\n  question: 'When is low water today?'\n",
        "- question: |\n    When is low\n    water today?\n  answer: x\n",
        "- question: >-\r\n    When is low\r\n\r\n    water today?\r\n  answer: x\r\n",
        '- question: "When is low\\n water today?"\n  answer: x\n',
        "  questions_and_answers:\n    - question: When is low water\n        today?\n      answer: x\n",
    ],
)
def test_questions_are_found_without_parsing(text: str) -> None:
    assert list(questions_in(text)) == [["when", "is", "low", "water", "today"]]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("What is the capital of France?", "What is the capital city of France?"),
        ("How do I tie a bowline with one hand?", "How do I tie a bowline with one hand, please?"),
        ("Which birds nest on the cliffs of Velm?", "Which bird nests on the cliffs of Velm?"),
    ],
)
def test_the_same_question_in_other_words_is_near(first: str, second: str) -> None:
    assert likeness(first, second) >= LEAST_SIMILARITY


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("What is the capital of France?", "What is the capital of Norway?"),
        ("What is 3 plus 4 when both are hours?", "What is 3 plus 5 when both are hours?"),
        ("What is the value of a + b here?", "What is the value of a - b here?"),
        ("What are the benefits of green tea?", "What are the benefits of green energy?"),
        ("Write a poem about the sea in winter.", "Write a story about the sea in winter."),
    ],
)
def test_different_questions_of_one_form_are_not(first: str, second: str) -> None:
    assert likeness(first, second) < LEAST_SIMILARITY


@given(WORDS, WORDS)
def test_likeness_is_symmetric_and_whole_for_the_same(first: list[str], second: list[str]) -> None:
    one, two = " ".join(first), " ".join(second)
    assert likeness(one, two) == likeness(two, one)
    assert likeness(one, one) == 1.0


@given(WORDS, WORDS, WORDS)
def test_a_passage_that_is_there_is_the_nearest(
    before: list[str], passage: list[str], after: list[str]
) -> None:
    text = f"{' '.join(before)}\n\n{' '.join(passage)}\n\n{' '.join(after)}\n"
    found = nearest_passage(words_of(" ".join(passage)), [("doc.md", text)])
    assert found is not None and found.similarity == 1.0
