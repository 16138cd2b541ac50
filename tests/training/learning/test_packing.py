"""Micro-batches hold every sample once, keep to the budget, and cost no more than simpler ways of cutting."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from seedbed_training.learning.encode import EncodedSample
from seedbed_training.learning.packing import PASS_COST, micro_batches, padded_tokens


def rows(lengths: list[int]) -> list[EncodedSample]:
    return [EncodedSample(f"s{index:04}", (1,) * length, length - 1) for index, length in enumerate(lengths)]


@given(
    lengths=st.lists(st.integers(2, 90), min_size=1, max_size=70),
    tokens=st.integers(1, 600),
    seed=st.integers(0, 9),
)
def test_laws(lengths: list[int], tokens: int, seed: int) -> None:
    samples = rows(lengths)
    batches = micro_batches(samples, tokens=tokens)
    assert sorted(row.id for batch in batches for row in batch) == [row.id for row in samples]
    assert all(len(batch) == 1 or padded_tokens([batch]) <= tokens for batch in batches)
    random.Random(seed).shuffle(samples)
    assert micro_batches(samples, tokens=tokens) == batches


@given(lengths=st.lists(st.integers(2, 90), min_size=1, max_size=70))
def test_never_dearer_than_one_batch_or_one_for_each_length(lengths: list[int]) -> None:
    batches = micro_batches(rows(lengths), tokens=10_000)
    cost = padded_tokens(batches) + PASS_COST * len(batches)
    assert cost <= max(lengths) * len(lengths) + PASS_COST
    assert cost <= sum(lengths) + PASS_COST * len(set(lengths))


def test_long_and_short_samples_are_parted() -> None:
    batches = micro_batches(rows([20] * 30 + [90] * 10), tokens=4096)
    assert [len(batch) for batch in batches] == [30, 10]
    assert padded_tokens(batches) == 20 * 30 + 90 * 10


def test_a_group_over_the_budget_is_cut_into_equal_parts() -> None:
    assert [len(batch) for batch in micro_batches(rows([10] * 9), tokens=40)] == [3, 3, 3]


def test_nothing_gives_nothing() -> None:
    assert micro_batches([], tokens=100) == ()
