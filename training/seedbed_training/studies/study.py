"""What a study is: a question, arms that differ in one thing, and what is concluded from their scores. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Generic, TypeVar

from seedbed_training.evaluation.matrix import ScoreMatrix
from seedbed_training.studies.arm import Arm, Result
from seedbed_training.studies.course import Lesson

R = TypeVar("R", bound=Result)
Results = Mapping[str, Mapping[int, Sequence[R]]]
"""By arm, then by seed."""
Lessons = Sequence[Lesson]


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over seeds: its mean, and the standard deviation from seed to seed (0 for one seed)."""

    mean: float
    deviation: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} ± {self.deviation:.3f}"


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars or lines with their spread: `series` by name, each with one value for every entry of `places`."""

    places: tuple[str, ...]
    series: Mapping[str, Sequence[Spread]]
    lines: bool
    x_label: str
    y_label: str
    y_limit: float = 1.05


@dataclass(frozen=True, slots=True)
class Findings:
    """What a study came to. `invalid` says why its figures mean nothing; such a study fails."""

    figures: Mapping[str, float]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    says: tuple[str, ...]  # the answer, in sentences
    chart: Chart
    invalid: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Study(Generic[R]):
    """A question with everything that is needed to answer it again."""

    name: str
    question: str
    arms: Callable[[int], Mapping[str, Arm[R]]]
    """Those of a seed, by name."""
    result: type[R]
    """What an arm gives, one or several."""
    conclude: Callable[[Results[R]], Findings]


def spread(values: Sequence[float]) -> Spread:
    """Over seeds; `values` is not empty."""
    return Spread(mean(values), stdev(values) if len(values) > 1 else 0.0)


def matrix(lessons: Lessons) -> ScoreMatrix:
    """An arm's scores as those of releases."""
    names = tuple(f"release-{number + 1}" for number in range(len(lessons)))
    return ScoreMatrix(names, {name: lesson.scores for name, lesson in zip(names, lessons, strict=True)})


def accuracy(lessons: Lessons) -> float:
    """Mean score over all leaves after the last release, each leaf counted alike."""
    return matrix(lessons).accuracy


def mean_score(lessons: Lessons, leaves: Sequence[str]) -> float:
    """Mean score of `leaves` after the last release."""
    return mean(lessons[-1].scores[leaf] for leaf in leaves)


def replay_share(lessons: Lessons) -> float:
    """Replayed tokens as a share of all tokens of the releases that had something to replay."""
    later = lessons[1:] or lessons
    return sum(lesson.replay_tokens for lesson in later) / max(1, sum(lesson.tokens for lesson in later))


def as_taught(lessons: Lessons, taught: Sequence[Sequence[str]]) -> float:
    """Mean score of the leaves that each release added, just after it; `taught` are those leaves."""
    return mean(lesson.scores[leaf] for lesson, added in zip(lessons, taught, strict=True) for leaf in added)


LEARNED = 0.7
"""What leaves must score where they are learned: below it there is nothing to forget."""


def not_collapsed(arm: str, score: float, limit: float) -> tuple[str, ...]:
    """The reason why a study is invalid if its lower bound kept more than `limit`."""
    if score < limit:
        return ()
    return (
        (
            f"the lower bound ({arm}) still scores {score:.3f}; below {limit:g} was expected. Where nothing is forgotten "
            "without replay, replay cannot be shown to keep anything"
        ),
    )


def not_learned(arm: str, score: float) -> tuple[str, ...]:
    """The reason why a study is invalid if what should be learned was not: a bound collapses of itself then."""
    if score >= LEARNED:
        return ()
    return (
        (
            f"what is taught is not learned ({arm} scores {score:.3f}; {LEARNED:g} at least was expected), so that there "
            "is nothing to forget"
        ),
    )
