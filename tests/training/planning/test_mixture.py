"""The order of a phase."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from seedbed_training.planning.mixture import interleave, repeat_fresh, step_edges


@given(st.integers(0, 30), st.floats(0.1, 5, allow_nan=False), st.text(max_size=3))
def test_each_pass_shows_everything_once_before_the_next_begins(count: int, epochs: float, seed: str) -> None:
    order = repeat_fresh(count, epochs=epochs, seed=seed)
    for start in range(0, len(order), count or 1):
        part = order[start : start + count]
        assert len(set(part)) == len(part)
    assert len(order) == int(epochs) * count + round(count * (epochs - int(epochs)))


@given(st.lists(st.integers(0, 60), min_size=1, max_size=4), st.integers(1, 20))
def test_every_stretch_holds_each_groups_share(sizes: list[int], length: int) -> None:
    groups = [[number] * size for number, size in enumerate(sizes) if size]
    order = interleave(groups, seed="s")
    assert Counter(order.tolist()) == Counter(member for group in groups for member in group)
    for start in range(0, len(order) - length + 1, length):
        found = Counter(order[start : start + length].tolist())
        for group in groups:
            expected = length * len(group) / len(order)
            assert abs(found[group[0]] - expected) <= len(groups) + 1


def test_groups_keep_their_own_order() -> None:
    order = interleave([[1, 2, 3, 4], [10, 20]], seed="s")
    assert [member for member in order if member < 10] == [1, 2, 3, 4]
    assert [member for member in order if member >= 10] == [10, 20]


@given(st.integers(0, 200), st.integers(1, 70))
def test_steps_are_as_few_and_as_even_as_can_be(count: int, batch: int) -> None:
    edges = step_edges(count, batch).tolist()
    sizes = [end - start for start, end in pairwise(edges)]
    assert (edges[0], edges[-1]) == (0, count) if count else not edges
    assert len(sizes) == -(-count // batch)
    assert not sizes or max(sizes) <= batch
    assert not sizes or max(sizes) - min(sizes) <= 1
