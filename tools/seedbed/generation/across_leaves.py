"""Which stored samples are too much once all leaves lie together: a view over the store, which it never changes.

A leaf's samples depend on that leaf alone, so that editing one leaf regenerates one. What two leaves have in common, and
what stands in a benchmark list, is therefore looked for when samples leave the store, for training or export: a list
that was one question longer would otherwise make every leaf anew, and a sample that was stored before the list was known
would go on being trained on. What falls is counted by leaf and reason wherever samples leave. Of copies the first is kept, in the order of
stage, leaf name and id: the same samples give the same view in whatever order they come.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from seedbed.checking.benchmark_lists import BenchmarkTexts, place_in_benchmarks
from seedbed.checking.postings import MOST_IN_BAND
from seedbed.checking.questions import BINS, FEWEST_VOTES, MOST_OF_THE_SAME, ROWS, bands, sketch
from seedbed.checking.texts import words_of
from seedbed.generation.deduplication import shingles, similarity
from seedbed.generation.normalise import normalised
from seedbed.generation.progress import Watch
from seedbed.generation.sample import Sample
from seedbed.generation.sample_texts import SampleText, SampleTexts
from seedbed.generation.shared_keys import NO_KEY, SharedKeys

NEAR_COPY = 0.8
"""Jaccard similarity of word pairs, 0…1, from which question and answer count as copies of those of another leaf."""
BANDS = BINS // ROWS
"""Keys of a question's MinHash sketch."""

_TOLD_EVERY = 1_024  # samples

Close = Callable[[Sequence[str]], Sequence[Sequence[int]]]
"""From texts, for each the numbers of earlier ones that say the same in other words (see `embeddings`)."""


class Copies(StrEnum):
    """Which copies between leaves fall."""

    NEAR = "near"  # nearly the same question with nearly the same answer
    EXACT = "exact"  # the same question with the same answer
    OFF = "off"


class Reason(StrEnum):
    """Why a sample falls."""

    BENCHMARK = "in a benchmark list"
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


def screen(
    samples: Iterable[Sample],
    *,
    copies: Copies = Copies.NEAR,
    benchmarks: BenchmarkTexts = (),
    same_meaning: Close | None = None,
    watch: Watch = lambda doing, done, of: None,
) -> Screening:
    """Look through the samples of all leaves. Held-out samples never fall: training ones that copy them do.

    A copy is one in question and answer: two leaves may ask the same and be answered in two ways, and `What is 3 plus 5?`
    and `What is 3 plus 6?` are two questions. Texts wait on disk (see `SampleTexts`), so that memory holds some 130 bytes
    a sample and what falls; `same_meaning` gets all that is left at once. Candidates are found as the check finds
    questions (`checking/questions.py`): answers are compared with those of the first `MOST_OF_THE_SAME` samples that ask
    the same, and one with the very same answer is always found.
    """
    with SampleTexts() as texts:
        keys = _Keys(copies)
        for sample in samples:
            if sample.held_out:
                texts.hold_out(sample)
            else:
                keys.add(texts.add(sample))
        seen = _Seen(copies, texts, keys)
        fallen: dict[str, Fallen] = {}
        for place, (number, one) in enumerate(texts.in_order()):
            if place % _TOLD_EVERY == 0:
                watch("samples compared", place, texts.count)
            reason, like = _fault(number, one, benchmarks, seen)
            if reason is not None:
                fallen[one.id] = Fallen(one.id, one.leaf, reason, like)
        if same_meaning is not None:
            remaining = [one for _, one in texts.in_order() if one.id not in fallen]
            fallen.update(_of_same_meaning(remaining, same_meaning))
    return Screening(fallen, {id: other for id, other in seen.disputed.items() if id not in fallen})


def _fault(
    number: int, one: SampleText, benchmarks: BenchmarkTexts, seen: _Seen
) -> tuple[Reason | None, str]:
    for text in (one.question, one.answer) if benchmarks else ():
        place = place_in_benchmarks(text, benchmarks)
        if place is not None:
            return Reason.BENCHMARK, place
    return seen.look(number, one)


class _Keys:
    """What samples are found by, a column each: the question, question and answer, the bands of the question's sketch."""

    def __init__(self, copies: Copies) -> None:
        self._columns = {Copies.OFF: 0, Copies.EXACT: 2, Copies.NEAR: 2 + BANDS}[copies]
        self._keys = [array("q") for _ in range(self._columns)]

    def add(self, one: SampleText) -> None:
        """The keys of the next sample."""
        if not self._columns:
            return
        question = normalised(one.question)
        self._keys[0].append(hash(question) or 1)
        self._keys[1].append(hash((question, normalised(one.answer))) or 1)
        if self._columns > 2:
            found = bands(sketch(words_of(one.question))) or (NO_KEY,) * BANDS
            for column, key in zip(self._keys[2:], found, strict=True):
                column.append(key)

    def columns(self) -> tuple[SharedKeys, ...]:
        """Each column with what it holds at most; the keys themselves are let go."""
        most = (MOST_OF_THE_SAME, 1, *(MOST_IN_BAND + 1 for _ in range(BANDS)))
        found: list[SharedKeys] = []
        while self._keys:
            found.append(SharedKeys(self._keys.pop(0), most[len(found)]))
        return tuple(found)


class _Seen:
    """The samples that stay, found by what they share with others."""

    def __init__(self, copies: Copies, texts: SampleTexts, keys: _Keys) -> None:
        self._copies = copies
        self._texts = texts
        self._columns = keys.columns()
        self._kept = 0
        self._places = array("i", bytes(4 * texts.count))  # number → how many were kept before it
        self.disputed: dict[str, str] = {}

    def look(self, number: int, one: SampleText) -> tuple[Reason | None, str]:
        """Why a sample falls beside those seen so far; one that does not is remembered."""
        if self._copies is Copies.OFF:
            return None, ""
        question = normalised(one.question)
        leaf, id = self._texts.held_out(question) or (one.leaf, "")
        if leaf != one.leaf:
            return Reason.HELD_OUT, id
        asking = self._asking(number, one, question)
        near = self._copies is Copies.NEAR
        for other in asking:
            if _alike(one.answer, other.answer, near=near):
                return Reason.REPEATED, other.id
        if near and (like := self._nearly(number, one)) is not None:
            return Reason.NEARLY, like.id
        if asking:
            self.disputed[one.id] = asking[0].id
        for column in self._columns:
            column.keep(number)
        self._kept += 1
        self._places[number] = self._kept
        return None, ""

    def _asking(self, number: int, one: SampleText, question: str) -> list[SampleText]:
        """Samples of other leaves that ask the same, in order: the first of them, and the one that also answers so."""
        of_question, of_both = self._columns[:2]
        found = self._read({*of_question.kept(number), *of_both.kept(number)})
        return [other for other in found if other.leaf != one.leaf and normalised(other.question) == question]

    def _nearly(self, number: int, one: SampleText) -> SampleText | None:
        votes: Counter[int] = Counter()
        for column in self._columns[2:]:
            if column.held(number) <= MOST_IN_BAND:
                votes.update(column.kept(number))
        likely = (other for other, count in votes.items() if count >= FEWEST_VOTES)
        return next((other for other in self._read(likely) if _are_copies(one, other)), None)

    def _read(self, numbers: Iterable[int]) -> Iterator[SampleText]:
        """The samples of these numbers, in the order in which they were looked at."""
        return map(self._texts.text, sorted(numbers, key=self._places.__getitem__))


def _are_copies(first: SampleText, second: SampleText) -> bool:
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


def _of_same_meaning(entries: Sequence[SampleText], same_meaning: Close) -> Mapping[str, Fallen]:
    """What falls by its embedding: only beside an earlier sample of another leaf that stays itself."""
    earlier = same_meaning([f"{one.question}\n{one.answer}" for one in entries])
    fallen: dict[str, Fallen] = {}
    for one, likes in zip(entries, earlier, strict=True):
        for number in likes:
            other = entries[number]
            if other.leaf != one.leaf and other.id not in fallen:
                fallen[one.id] = Fallen(one.id, one.leaf, Reason.SAME_MEANING, other.id)
                break
    return fallen
