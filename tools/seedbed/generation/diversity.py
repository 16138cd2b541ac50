"""How different the samples of a leaf are from each other: four figures over stored samples, each fair to any size.

All grow or shrink with the amount of text (Shaib et al. 2024, arXiv 2403.00553), so all are measured on the same amount:
samples in the order of their ids, which is as good as drawn, each cut to 100 words, until 2,000 words are reached. A
leaf with less is measured on what it has, and `words` says so.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from seedbed.generation.deduplication import shingles, similarity
from seedbed.generation.normalise import words
from seedbed.generation.sample import Sample

WORDS_MEASURED = 2_000
WORDS_OF_ONE = 100
LONG_NGRAM = 6  # words; so many in a row are rarely the same by chance
_SHORTEST_OF_LEAF = 2  # samples


@dataclass(frozen=True, slots=True)
class Diversity:
    """Figures of one leaf."""

    samples: int
    words: int
    compression_ratio: float
    """Bytes before over bytes after deflate; English prose has about 2 to 3, more says that texts repeat each other."""
    self_repetition: float
    """Share of samples with a run of six words that stands in another one, 0…1."""
    distinct_2: float
    """Different pairs of neighbouring words over all of them, 0…1."""
    nearest_distance: float
    """Mean of 1 minus the Jaccard similarity (word pairs) to the most similar other sample, 0…1; 0 says that all have a twin."""


def diversity(samples: Iterable[Sample]) -> Diversity | None:
    """The diversity of a leaf's training samples; None for fewer than two."""
    texts = _measured(sorted((one for one in samples if not one.held_out), key=lambda one: one.id))
    if len(texts) < _SHORTEST_OF_LEAF:
        return None
    joined = "\n".join(" ".join(text) for text in texts).encode()
    return Diversity(
        samples=len(texts),
        words=sum(len(text) for text in texts),
        compression_ratio=len(joined) / len(zlib.compress(joined, 9)),
        self_repetition=_self_repetition(texts),
        distinct_2=_distinct(texts, 2),
        nearest_distance=_nearest_distance(texts),
    )


def _measured(samples: Sequence[Sample]) -> list[tuple[str, ...]]:
    texts: list[tuple[str, ...]] = []
    left = WORDS_MEASURED
    for sample in samples:
        text = tuple(islice(words(f"{sample.question} {sample.answer}"), min(WORDS_OF_ONE, left)))
        if not text:
            break
        texts.append(text)
        left -= len(text)
    return texts


def ngrams(text: Sequence[str], length: int) -> list[tuple[str, ...]]:
    """Every run of so many words, in order; none for a shorter text."""
    return [tuple(text[start : start + length]) for start in range(len(text) - length + 1)]


def _self_repetition(texts: Sequence[tuple[str, ...]]) -> float:
    own = [frozenset(ngrams(text, LONG_NGRAM)) for text in texts]
    holders = Counter(run for runs in own for run in runs)
    return sum(any(holders[run] > 1 for run in runs) for runs in own) / len(texts)


def _distinct(texts: Sequence[tuple[str, ...]], length: int) -> float:
    runs = [run for text in texts for run in ngrams(text, length)]
    return len(set(runs)) / len(runs) if runs else 1.0


def _nearest_distance(texts: Sequence[tuple[str, ...]]) -> float:
    shingled = [shingles(" ".join(text)) for text in texts]
    nearest = [
        max(similarity(mine, other) for place, other in enumerate(shingled) if place != number)
        for number, mine in enumerate(shingled)
    ]
    return 1 - sum(nearest) / len(nearest)
