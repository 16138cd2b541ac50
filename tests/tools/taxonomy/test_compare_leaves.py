"""Two versions of a leaf: seeds matched, words compared, hostile sizes bounded."""

from __future__ import annotations

import random
import time

from hypothesis import given
from hypothesis import strategies as st
from support.leaves_under_check import PATH, knowledge
from support.repositories import SKILL

from seedbed.taxonomy.compare_leaves import Edit, compare_leaves, compare_words
from seedbed.taxonomy.leaf import LeafFile
from seedbed.taxonomy.read_leaf import read_leaf


def leaf(text: str) -> LeafFile:
    return read_leaf(text.encode(), path=PATH, name="compositional_skills/a", blob="")


def seeds_of(count: int, *, words: random.Random) -> str:
    head = SKILL.split("  - question")[0]
    return head + "".join(
        f"  - question: Question {words.random()}\n    answer: Answer {words.random()}\n"
        for _ in range(count)
    )


def test_the_same_leaf_has_no_difference() -> None:
    found = compare_leaves(leaf(SKILL), leaf(SKILL + "# a comment\n"))
    assert (found.fields, found.seeds, found.kept) == ((), (), 5)


def test_order_is_no_difference_and_a_changed_answer_is_one() -> None:
    head, *seeds = SKILL.split("  - question")
    shuffled = head + "".join("  - question" + seed for seed in reversed(seeds))
    assert compare_leaves(leaf(SKILL), leaf(shuffled)).seeds == ()
    found = compare_leaves(leaf(SKILL), leaf(shuffled.replace("Oslo", "Bergen")))
    (seed,) = found.seeds
    assert (seed.old, seed.new, found.kept) == (2, 4, 4)
    assert [(text.where, text.old, text.new) for text in seed.changes] == [("answer", "Oslo", "Bergen")]


def test_added_removed_and_fields() -> None:
    other = SKILL.replace(
        "What is the capital of Peru?\n    answer: Lima", "Spell it backwards\n    answer: amiL"
    )
    found = compare_leaves(leaf(SKILL), leaf(other.replace("created_by: robin", "created_by: alex")))
    assert [(seed.old, seed.new) for seed in found.seeds] == [(None, 5), (5, None)]
    assert [(text.where, text.new) for text in found.fields] == [("created_by", "alex")]
    assert len(compare_leaves(None, leaf(SKILL)).seeds) == len(compare_leaves(leaf(SKILL), None).seeds) == 5


def test_a_knowledge_seed_is_one_seed() -> None:
    text = knowledge("patterns:\n  - a.md")
    found = compare_leaves(leaf(text), leaf(text.replace("Fact 1.2 it is", "Fact 1.2 it was")))
    (seed,) = found.seeds
    assert (seed.old, seed.new) == (2, 2)
    assert [text.where for text in seed.changes] == ["answer 3"]


def test_what_is_no_yaml_is_said() -> None:
    found = compare_leaves(leaf(SKILL), leaf("a: [\n"))
    assert found.unreadable == ("new",) and len(found.seeds) == 5


def test_a_repeated_seed_is_counted() -> None:
    seed = "  - question: Twice?\n    answer: Yes indeed\n"
    found = compare_leaves(leaf(SKILL + seed), leaf(SKILL + seed + seed))
    assert found.kept == 6 and [(one.old, one.new) for one in found.seeds] == [(None, 7)]


@given(st.text("ab 東\n.", max_size=40), st.text("ab 東\n.", max_size=40))
def test_words_give_both_texts_back(old: str, new: str) -> None:
    stretches = compare_words(old, new)
    assert "".join(one.text for one in stretches if one.edit is not Edit.ADDED) == old
    assert "".join(one.text for one in stretches if one.edit is not Edit.REMOVED) == new


def test_thousands_of_seeds_take_no_time() -> None:
    began = time.perf_counter()
    found = compare_leaves(
        leaf(seeds_of(3_000, words=random.Random(1))), leaf(seeds_of(3_000, words=random.Random(2)))
    )
    assert len(found.seeds) == 3_000 and time.perf_counter() - began < 10
    assert len(compare_words("a " * 100_000, "b " * 100_000)) == 2
