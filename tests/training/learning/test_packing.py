"""Micro-batches hold every sample once, keep to the budget, and cost no more than simpler ways of cutting."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from seedbed_training.learning.encode import EncodedSample
from seedbed_training.learning.packing import PASS_COST, micro_batches, padded_tokens, split_over_ranks


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


@given(
    lengths=st.lists(st.integers(2, 90), min_size=1, max_size=70),
    tokens=st.integers(1, 600),
    seed=st.integers(0, 9),
)
def test_laws_of_packing(lengths: list[int], tokens: int, seed: int) -> None:
    samples = rows(lengths)
    batches = micro_batches(samples, tokens=tokens, packed=True)
    assert sorted(row.id for batch in batches for row in batch) == [row.id for row in samples]
    sizes = [sum(len(row.input_ids) for row in batch) for batch in batches]
    assert all(len(batch) == 1 or size <= tokens for batch, size in zip(batches, sizes, strict=True))
    assert all(
        [len(row.input_ids) for row in batch] == sorted(len(row.input_ids) for row in batch)
        for batch in batches
    )
    random.Random(seed).shuffle(samples)
    assert micro_batches(samples, tokens=tokens, packed=True) == batches


def test_packed_batches_are_as_few_as_can_be_and_about_equal() -> None:
    sizes = [
        sum(len(row.input_ids) for row in batch)
        for batch in micro_batches(rows([10] * 41), tokens=400, packed=True)
    ]
    assert sizes == [210, 200]


@given(lengths=st.lists(st.integers(2, 90), max_size=60), ranks=st.integers(1, 5), seed=st.integers(0, 9))
def test_laws_of_the_split_over_ranks(lengths: list[int], ranks: int, seed: int) -> None:
    samples = rows(lengths)
    parts = split_over_ranks(samples, ranks)
    assert len(parts) == ranks
    assert sorted(row.id for part in parts for row in part) == [row.id for row in samples]
    loads = [sum(len(row.input_ids) for row in part) for part in parts]
    assert max(loads) - min(loads) <= max(lengths, default=0)
    random.Random(seed).shuffle(samples)
    assert split_over_ranks(samples, ranks) == parts
