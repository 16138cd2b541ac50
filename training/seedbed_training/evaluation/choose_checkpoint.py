"""Which checkpoint of a run becomes its model: by what was held out, not by the loss of what was trained on. Pure.

A checkpoint is worth the mean of two figures: how well the fresh leaves are answered, and how much of the parent
release's score the old leaves keep, 1 at most, so that no old leaf's gain pays for another's loss. Each leaf counts
alike. Of checkpoints that are worth the same, to a thousandth, the earliest is taken: it has moved the weights least.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

EQUAL = 3
"""Decimals to which two checkpoints that are worth the same agree: a held-out set tells no finer."""


@dataclass(frozen=True, slots=True)
class CandidateScores:
    """A checkpoint's scores, 0…1, by leaf; leaves of which nothing was held out are absent."""

    name: str
    fresh: Mapping[str, float]
    old: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Worth:
    """What one candidate is worth."""

    name: str
    learned: float | None
    """Mean score of the fresh leaves; None where none of them has anything held out."""
    kept: float | None
    """Mean, over the old leaves that the parent answered at all, of score over the parent's score, each 1 at most."""

    @property
    def value(self) -> float:
        """The mean of both, or the one that there is; 0 where there is neither."""
        known = [part for part in (self.learned, self.kept) if part is not None]
        return round(fmean(known), EQUAL) if known else 0.0

    def __str__(self) -> str:
        parts = [
            f"{word} {part:.2f}"
            for word, part in (("learned", self.learned), ("kept", self.kept))
            if part is not None
        ]
        return f"{self.name} ({', '.join(parts) or 'nothing held out'})"


@dataclass(frozen=True, slots=True)
class Choice:
    """The candidate that was chosen, and why, in a sentence."""

    name: str
    reason: str


def worth(candidate: CandidateScores, parent: Mapping[str, float]) -> Worth:
    """`parent` are the parent release's scores of the same questions, by leaf."""
    kept = [
        min(1.0, score / parent[leaf]) for leaf, score in candidate.old.items() if parent.get(leaf, 0.0) > 0
    ]
    return Worth(
        candidate.name,
        fmean(candidate.fresh.values()) if candidate.fresh else None,
        fmean(kept) if kept else None,
    )


def choose_checkpoint(candidates: Sequence[CandidateScores], parent: Mapping[str, float]) -> Choice:
    """One of `candidates`, which come earliest first; there is one at least.

    Where nothing was held out they cannot be told apart, and the last one, the end of training, is chosen.
    """
    assert candidates
    worths = [worth(candidate, parent) for candidate in candidates]
    if all(each.learned is None and each.kept is None for each in worths):
        name = worths[-1].name
        return Choice(name, f"{name}, the phase's end: nothing was held out to choose by")
    best = max(each.value for each in worths)
    equal = [each for each in worths if each.value == best]
    others = [str(each) for each in worths if each is not equal[0]]
    why = "the earliest of the best" if len(equal) > 1 else "the best"
    beside = f"; beside it {', '.join(others)}" if others else ""
    return Choice(equal[0].name, f"{equal[0]}, {why} of {len(worths)} checkpoints by held-out scores{beside}")
