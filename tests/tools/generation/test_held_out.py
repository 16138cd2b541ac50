"""What is held out, and that it stays so."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from seedbed.generation.held_out import is_held_out, split_seeds
from seedbed.generation.normalise import normalised
from seedbed.generation.seed import Seed
from seedbed.taxonomy.leaf import Kind

questions = st.lists(st.text("abcdefgh", min_size=3, max_size=8), min_size=1, max_size=30, unique=True)


def seeds_of(texts: list[str]) -> list[Seed]:
    return [Seed(text, f"{text}!", None, Kind.FREEFORM) for text in texts]


@given(questions)
def test_a_split_keeps_every_seed_once_and_some_on_each_side(texts: list[str]) -> None:
    split = split_seeds(seeds_of(texts), 0.25)
    assert sorted(seed.question for seed in (*split.training, *split.held_out)) == sorted(texts)
    assert len(split.training) >= 1
    if len(texts) >= 2:
        assert len(split.held_out) >= 1
    if len(texts) >= 3:
        assert len(split.held_out) <= len(texts) / 3


@given(questions, st.randoms())
def test_order_does_not_count(texts: list[str], random: object) -> None:
    shuffled = list(texts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = split_seeds(seeds_of(texts), 0.25), split_seeds(seeds_of(shuffled), 0.25)
    assert set(first.held_out) == set(second.held_out)


def test_about_the_share_is_held_out() -> None:
    split = split_seeds(seeds_of([f"question {number}" for number in range(2000)]), 0.25)
    assert 400 < len(split.held_out) < 600
    assert 160 < sum(is_held_out(f"question {number}", 0.12) for number in range(2000)) < 320


def test_added_seeds_move_few_others() -> None:
    texts = [f"question {number}" for number in range(40)]
    before = set(split_seeds(seeds_of(texts), 0.25).held_out)
    after = set(split_seeds(seeds_of([*texts, "another", "and another"]), 0.25).held_out)
    assert before <= after


def test_a_share_of_nothing() -> None:
    assert split_seeds(seeds_of(["a b", "c d", "e f"]), 0.0).held_out == ()


@given(st.text("ab c", max_size=12))
def test_equal_questions_are_on_one_side(text: str) -> None:
    assert is_held_out(text, 0.5) == is_held_out(f"  {text.upper()} ", 0.5)
    assert normalised(normalised(text)) == normalised(text)
