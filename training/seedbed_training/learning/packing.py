"""Micro-batches of one optimiser step, and each rank's part of it. Pure, and the same for equal samples in any order.

`packed`: documents end to end in one row of at most so many tokens, shortest first; nothing is padded.
`padded`: rows of like length together, padded at the end to the longest of them. A causal model's tokens never see what
stands after them, so padding at the end needs no attention mask and changes nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from seedbed_training.learning.encode import EncodedSample

MicroBatch = tuple[EncodedSample, ...]

PASS_COST = 64
"""What one more forward and backward pass costs beside its tokens, in tokens.

Measured: about 5 ms for a model of 1M parameters that reads 12,500 tokens/s. Larger models take longer for both.
"""


def split_over_ranks(samples: Sequence[EncodedSample], ranks: int) -> tuple[MicroBatch, ...]:
    """Each rank's samples, about as many tokens for each: the longest left goes to whom has least (Graham 1969).

    Ranks beyond the number of samples get none.
    """
    parts: list[list[EncodedSample]] = [[] for _ in range(ranks)]
    loads = [0] * ranks
    for row in sorted(samples, key=lambda sample: (-len(sample.input_ids), sample.id)):
        least = loads.index(min(loads))
        parts[least].append(row)
        loads[least] += len(row.input_ids)
    return tuple(tuple(part) for part in parts)


def micro_batches(
    samples: Sequence[EncodedSample], *, tokens: int, packed: bool = False
) -> tuple[MicroBatch, ...]:
    """`samples` sorted by length and cut into batches of at most `tokens` tokens, padding included.

    Packed, there are as few batches as that allows, about equal. Padded, they are cut where padding and `PASS_COST` per
    batch are least together. A sample longer than `tokens` gets a batch of its own.
    """
    rows = sorted(samples, key=lambda sample: (len(sample.input_ids), sample.id))
    if not rows:
        return ()
    lengths = [len(row.input_ids) for row in rows]
    edges = (0, *(_even_fill(lengths, tokens) if packed else _least_padding(lengths, tokens)))
    return tuple(tuple(rows[start:end]) for start, end in itertools.pairwise(edges))


def padded_tokens(batches: Sequence[MicroBatch]) -> int:
    """Tokens that the model computes for padded `batches`, padding included."""
    return sum(len(batch) * max(len(row.input_ids) for row in batch) for batch in batches)


def _even_fill(lengths: Sequence[int], tokens: int) -> list[int]:
    """Ends of as few batches as `tokens` allows, cut at the lowest limit that needs no more of them."""
    fewest = _fill(lengths, tokens)
    low, high = 0, tokens  # the lowest limit that does lies above `low` and not above `high`
    while high - low > 1:
        middle = (low + high) // 2
        if len(_fill(lengths, middle)) > len(fewest):
            low = middle
        else:
            high = middle
    return _fill(lengths, high)


def _fill(lengths: Sequence[int], limit: int) -> list[int]:
    ends, filled = [], 0
    for index, length in enumerate(lengths):
        if filled and filled + length > limit:
            ends.append(index)
            filled = 0
        filled += length
    return [*ends, len(lengths)]


def _least_padding(lengths: Sequence[int], tokens: int) -> list[int]:
    """Ends of the batches: groups that are padded alike, each in equal parts within the budget."""
    possible = [
        index + 1
        for index in range(len(lengths))
        if index + 1 == len(lengths) or lengths[index] != lengths[index + 1]
    ]
    edges: list[int] = []
    start = 0
    for end in _cheapest_cuts(lengths, possible, tokens):
        size = max(1, tokens // lengths[end - 1])
        count = -(-(end - start) // size)
        edges += [start + (end - start) * part // count for part in range(1, count + 1)]
        start = end
    return edges


def _cheapest_cuts(lengths: Sequence[int], ends: Sequence[int], tokens: int) -> list[int]:
    """Ends of the groups of rows that are padded alike, a subset of `ends`; shortest path over the possible cuts."""
    best: list[tuple[int, int]] = [(0, -1)]  # least cost of the rows before a cut, and the cut before it
    cuts = [0, *ends]
    for here in range(1, len(cuts)):
        length = lengths[cuts[here] - 1]
        size = max(1, tokens // length)
        options = []
        for before in range(here):
            count = cuts[here] - cuts[before]
            options.append((best[before][0] + count * length + PASS_COST * -(-count // size), before))
        best.append(min(options))
    chosen: list[int] = []
    here = len(cuts) - 1
    while here > 0:
        chosen.append(cuts[here])
        here = best[here][1]
    return chosen[::-1]
