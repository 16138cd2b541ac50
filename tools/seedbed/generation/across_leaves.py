"""Which stored samples are too much once all leaves lie together: a view over the store, which it never changes.

A leaf's samples depend on that leaf alone, so that editing one leaf regenerates one. What two leaves have in common is
therefore looked for when samples leave the store, for training or export. Of copies the first is kept, in the order of
stage, leaf name and id: the same samples give the same view in whatever order they come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from seedbed.checking.benchmark_lists import BenchmarkTexts, place_in_benchmarks
from seedbed.checking.questions import bands, sketch
from seedbed.checking.texts import words_of
from seedbed.generation.deduplication import shingles, similarity
from seedbed.generation.normalise import normalised
from seedbed.generation.sample import Sample, Stage

NEAR_COPY = 0.8
"""Jaccard similarity of word pairs, 0…1, from which question and answer count as copies of those of another leaf."""
FEWEST_VOTES = 2
"""Bands of a MinHash sketch, of eight, that a near copy shares; at a likeness of 0.8 one in 250 is missed."""
MOST_IN_BAND = 64
"""Samples up to which a band counts: what more of them begin with is a form of words, and says nothing."""

Close = Callable[[Sequence[str]], Sequence[Sequence[int]]]
"""From texts, for each the numbers of earlier ones that say the same in other words (see `embeddings`)."""


class Copies(StrEnum):
    """Which copies between leaves fall."""

    NEAR = "near"  # nearly the same question with nearly the same answer
    EXACT = "exact"  # the same question with the same answer
    OFF = "off"


class Reason(StrEnum):
    """Why a sample falls."""

    BENCHMARK = "stands in a benchmark"
    HELD_OUT = "held out in another leaf"
    REPEATED = "asked in another leaf"
    NEARLY = "nearly asked in another leaf"
    SAME_MEANING = "the same meaning in another leaf"


@dataclass(frozen=True, slots=True)
class Fallen:
    """A sample that falls, and what it is too like: the id of the sample that is kept, or the place in a benchmark."""

    sample: str
    leaf: str
    reason: Reason
    like: str


@dataclass(frozen=True, slots=True)
class Screening:
    """What falls, by the id of the sample."""

    fallen: Mapping[str, Fallen] = field(default_factory=dict)
    disputed: Mapping[str, str] = field(default_factory=dict)
    """Samples that stay although another leaf asks the same, since it answers otherwise: id and id of the other one."""

    def keep(self, samples: Iterable[Sample]) -> tuple[Sample, ...]:
        """The samples that do not fall, in their order."""
        return tuple(sample for sample in samples if sample.id not in self.fallen)

    def counts(self) -> Mapping[str, Mapping[Reason, int]]:
        """By leaf how many fall for each reason."""
        found = Counter((one.leaf, one.reason) for one in self.fallen.values())
        return {
            leaf: {reason: found[leaf, reason] for reason in Reason if found[leaf, reason]}
            for leaf in sorted({leaf for leaf, _ in found})
        }


@dataclass(slots=True)
class _Kept:
    """One sample that stays, as later ones are compared with it."""

    id: str
    leaf: str
    question: str
    answer: str


def screen(
    samples: Iterable[Sample],
    *,
    copies: Copies = Copies.NEAR,
    benchmarks: BenchmarkTexts = (),
    same_meaning: Close | None = None,
) -> Screening:
    """Look through the samples of all leaves. Held-out samples never fall: training ones that copy them do.

    A copy is one in question and answer: two leaves may ask the same and be answered in two ways, and `What is 3 plus 5?`
    and `What is 3 plus 6?` are two questions.
    """
    held_out: dict[str, tuple[str, str]] = {}  # question → leaf and id
    training: list[tuple[int, str, str, _Kept]] = []  # no whole samples: there may be a million
    stages = {stage: number for number, stage in enumerate(Stage)}
    for sample in samples:
        if not sample.held_out:
            one = _Kept(sample.id, sample.leaf, sample.question, sample.answer)
            training.append((stages[sample.stage], one.leaf, one.id, one))
            continue
        key, name = normalised(sample.question), (sample.leaf, sample.id)
        held_out[key] = min(held_out.get(key, name), name)
    training.sort(key=lambda entry: entry[:3])
    seen = _Seen(copies)
    fallen: dict[str, Fallen] = {}
    for _, leaf, id, one in training:
        reason, like = _fault(one, held_out, benchmarks, seen)
        if reason is not None:
            fallen[id] = Fallen(id, leaf, reason, like)
    if same_meaning is not None:
        remaining = [entry for entry in training if entry[2] not in fallen]
        fallen.update(_of_same_meaning(remaining, same_meaning))
    return Screening(fallen, {id: other for id, other in seen.disputed.items() if id not in fallen})


def _fault(
    one: _Kept, held_out: Mapping[str, tuple[str, str]], benchmarks: BenchmarkTexts, seen: _Seen
) -> tuple[Reason | None, str]:
    for text in (one.question, one.answer) if benchmarks else ():
        place = place_in_benchmarks(text, benchmarks)
        if place is not None:
            return Reason.BENCHMARK, place
    if held_out and seen.copies is not Copies.OFF:
        leaf, id = held_out.get(normalised(one.question), (one.leaf, ""))
        if leaf != one.leaf:
            return Reason.HELD_OUT, id
    return seen.look(one)


class _Seen:
    """The samples that stay, found by their question's words and by bands of its MinHash sketch."""

    def __init__(self, copies: Copies) -> None:
        self.copies = copies
        self.disputed: dict[str, str] = {}
        self._same: dict[str, list[_Kept]] = {}
        self._kept: list[_Kept] = []
        self._bands: dict[int, list[int]] = {}

    def look(self, one: _Kept) -> tuple[Reason | None, str]:
        """Why a sample falls beside those seen so far; one that does not is remembered."""
        if self.copies is Copies.OFF:
            return None, ""
        near = self.copies is Copies.NEAR
        words = normalised(one.question)
        others = [other for other in self._same.get(words, ()) if other.leaf != one.leaf]
        for other in others:
            if _alike(one.answer, other.answer, near=near):
                return Reason.REPEATED, other.id
        keys = bands(sketch(words_of(one.question))) if near else ()
        like = self._nearly(one, keys)
        if like is not None:
            return Reason.NEARLY, like.id
        if others:
            self.disputed[one.id] = others[0].id
        self._same.setdefault(words, []).append(one)
        for key in set(keys):
            self._bands.setdefault(key, []).append(len(self._kept))
        self._kept.append(one)
        return None, ""

    def _nearly(self, one: _Kept, keys: Sequence[int]) -> _Kept | None:
        votes: Counter[int] = Counter()
        for key in set(keys):
            found = self._bands.get(key, ())
            if len(found) <= MOST_IN_BAND:
                votes.update(found)
        likely = sorted(number for number, count in votes.items() if count >= FEWEST_VOTES)
        return next((self._kept[number] for number in likely if _are_copies(one, self._kept[number])), None)


def _are_copies(first: _Kept, second: _Kept) -> bool:
    """Whether two samples of different leaves ask nearly the same and are answered nearly the same."""
    return (
        first.leaf != second.leaf
        and _alike(first.answer, second.answer)
        and _alike(first.question, second.question)
    )


def _alike(first: str, second: str, *, near: bool = True) -> bool:
    if normalised(first) == normalised(second):
        return True
    return near and similarity(shingles(first), shingles(second)) >= NEAR_COPY


def _of_same_meaning(
    entries: Sequence[tuple[int, str, str, _Kept]], same_meaning: Close
) -> Mapping[str, Fallen]:
    """What falls by its embedding: only beside an earlier sample of another leaf that stays itself."""
    earlier = same_meaning([f"{one.question}\n{one.answer}" for _, _, _, one in entries])
    fallen: dict[str, Fallen] = {}
    for (_, leaf, id, _), likes in zip(entries, earlier, strict=True):
        for number in likes:
            _, other_leaf, other, _ = entries[number]
            if other_leaf != leaf and other not in fallen:
                fallen[id] = Fallen(id, leaf, Reason.SAME_MEANING, other)
                break
    return fallen
