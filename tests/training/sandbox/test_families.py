from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed_training.sandbox.card_families import CARD_FAMILIES, FIELDS, draw_card, read_card
from seedbed_training.sandbox.family import draw_case
from seedbed_training.sandbox.lexicon import THINGS
from seedbed_training.sandbox.list_families import LIST_FAMILIES, RULES
from seedbed_training.sandbox.sheet_families import ATTRIBUTES, draw_sheet, long_case, short_case

FAMILIES = LIST_FAMILIES | CARD_FAMILIES


@given(seed=st.integers(0, 2**32), name=st.sampled_from(sorted(FAMILIES)))
def test_a_training_case_is_never_one_kept_for_measuring(seed, name):
    assert not draw_case(FAMILIES[name], Random(seed)).unseen
    assert draw_case(FAMILIES[name], Random(seed), unseen=True).unseen


@pytest.mark.parametrize(
    ("name", "words", "answer"),
    [
        ("backwards", ["lamp", "rope", "tea"], "tea, rope, lamp"),
        ("last", ["lamp", "rope", "tea"], "tea"),
        ("second", ["lamp", "rope", "tea"], "rope"),
        ("swap_ends", ["lamp", "rope", "tea", "ink"], "ink, rope, tea, lamp"),
        ("rotate", ["lamp", "rope", "tea"], "rope, tea, lamp"),
        ("drop_first", ["lamp", "rope", "tea"], "rope, tea"),
        ("count", ["lamp", "rope", "tea"], "three"),
        ("bullets", ["lamp", "rope"], "- lamp\n- rope"),
        ("phrase", ["lamp", "rope", "tea"], "lamp, rope and tea"),
        ("request", ["lamp", "rope"], "May I have the lamp and rope, please?"),
    ],
)
def test_rules(name, words, answer):
    assert RULES[name][0](words) == answer


def test_every_rule_has_an_example_above():
    assert len(RULES) == 10


@given(seed=st.integers(0, 2**32))
def test_a_card_reads_back(seed):
    fields = read_card(draw_card(Random(seed)))
    assert {"Name", "Job", "Town"} <= set(fields) <= set(FIELDS)


@given(seed=st.integers(0, 2**32), wording=st.integers(0, 1))
def test_the_answers_on_a_sheet_stand_in_its_passage(seed, wording):
    random = Random(seed)
    sheet = draw_sheet(random)
    assert short_case(random, wording, sheet).answer in sheet.passage
    long = long_case(random, wording, sheet)
    assert long.answer.removeprefix(f"The {sheet.thing}") in sheet.passage


def test_a_question_names_one_attribute_only():
    """Else a passage could hold two right answers."""
    wordings = Counter(w for attribute in ATTRIBUTES.values() for w in (*attribute.short, *attribute.long))
    assert max(wordings.values()) == 1


def test_words_are_distinct_within_their_class():
    assert len(set(THINGS)) == len(THINGS)
