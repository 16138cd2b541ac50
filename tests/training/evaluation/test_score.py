"""How answers and leaves are scored."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed_training.evaluation.score import (
    Case,
    is_short,
    score_cases,
    score_leaf,
    telling_f1,
    word_weights,
    words,
)

TEXT = st.lists(st.sampled_from(["the", "ferry", "leaves", "at", "nine", "ten", "Velm"]), max_size=12).map(
    " ".join
)

LONG = [
    "The ferry of the northern line leaves the harbour of Velm at nine",
    "The ferry of the northern line leaves the harbour of Oster at ten",
    "The ferry of the northern line leaves the harbour of Dunvik at noon",
]


def case(reference: str, answer: str) -> Case:
    return Case("id", "question", reference, answer)


@pytest.mark.parametrize(
    ("reference", "answer", "score"),
    [
        ("Paris", "paris.", 1.0),
        ("plum, chain", " Plum,  chain", 1.0),
        ("plum, chain", "chain, plum", 0.0),
        ("seven", "", 0.0),
        ("one two three four five six seven eight", "one two three four five six seven nine", 0.0),
    ],
)
def test_short_answers_match_exactly_or_not_at_all(reference: str, answer: str, score: float) -> None:
    (scored,) = score_cases([case(reference, answer)])
    assert (scored.score, scored.metric) == (score, "exact match")


def test_a_model_that_knows_the_form_but_not_the_fact_gets_nothing() -> None:
    right, wrong = score_cases([case(LONG[0], LONG[0]), case(LONG[1], LONG[0]), case(LONG[2], LONG[2])])[:2]
    assert right.metric == "telling F1"
    assert right.score == 1.0
    assert wrong.score == 0.0


def test_words_of_languages_without_blanks() -> None:
    sentence = "渡し船は毎朝九時に北の港を出ます"
    assert len(words(sentence)) == len(sentence)
    assert words("Vélm, 9 o'clock") == ("vélm", "9", "o", "clock")
    assert is_short("北の港") and not is_short(sentence)
    assert 0 < telling_f1(sentence, "渡し船は毎朝十時に北の港を出ます", {}) < 1


def test_the_right_words_in_the_wrong_order_do_not_count() -> None:
    backwards = " ".join(reversed(LONG[0].split()))
    assert telling_f1(LONG[0], backwards, {}) < 0.4


@given(TEXT, TEXT)
def test_f1_is_symmetric_bounded_and_1_for_equals(left: str, right: str) -> None:
    weights = word_weights(LONG)
    assert 0 <= telling_f1(left, right, {}) <= 1
    assert telling_f1(left, right, {}) == pytest.approx(telling_f1(right, left, {}))
    assert telling_f1(left, left, weights) == (pytest.approx(1.0) if left else 0.0)


def test_a_leafs_score_is_the_mean() -> None:
    score = score_leaf("a/b", [case("yes", "yes"), case("no", "yes"), case("no", "no"), case("no", "")])
    assert score.score == 0.5
    assert score.low < 0.5 < score.high
