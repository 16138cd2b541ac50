"""The gate: whether a release may be used. Pure; the figures come from `evaluate`, the limits from whoever releases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from seedbed.generation.release_manifest import GateRecord
from seedbed_training.evaluation.intervals import least_drop
from seedbed_training.evaluation.score import LeafScore

_EXACT = 9
"""Decimals to which scores are compared: 1 - 0.95 is a little more than 0.05 in floating point."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a release must hold; scores and drops lie in 0…1."""

    maximum_drop: float = 0.05
    """How far an old leaf, and the mean over the old leaves, may fall below the parent release."""
    minimum_score: float = 0.5
    """What a fresh leaf must reach."""


@dataclass(frozen=True, slots=True)
class LeafOutcome:
    """What the gate looks at for one leaf. `score` is None when nothing of the leaf was held out."""

    leaf: str
    fresh: bool
    score: float | None
    parent: float | None = None
    drop_low: float | None = None
    """Lower end of the 95 % interval of parent - score, over the same cases; needed where `parent` is."""
    interval: tuple[float, float] | None = None
    """Of `score`, at 95 %."""
    cases: int = 0
    without_verdict: int = 0
    """Cases that count 0 because the judge gave no verdict on them."""


def outcome(leaf: str, *, fresh: bool, score: LeafScore | None, parent: LeafScore | None) -> LeafOutcome:
    """Pair the cases of both models and bound the drop; the two scores must be over the same held-out samples."""
    if score is None:
        return LeafOutcome(leaf, fresh, None)
    return LeafOutcome(
        leaf,
        fresh,
        score.score,
        parent=parent.score if parent else None,
        drop_low=_least_drop(leaf, parent, score) if parent else None,
        interval=(score.low, score.high),
        cases=len(score.cases),
        without_verdict=score.without_verdict,
    )


def _least_drop(leaf: str, parent: LeafScore, score: LeafScore) -> float:
    before = {case.case.sample: case.score for case in parent.cases}
    assert before.keys() == {case.case.sample for case in score.cases}, leaf
    drops = [before[case.case.sample] - case.score for case in score.cases]
    return least_drop(drops, seed=f"drop/{leaf}")


def judge(outcomes: Iterable[LeafOutcome], limits: Limits) -> GateRecord:
    """Refuse when a fresh leaf was not learned, an old leaf fell, or the old leaves fell on the whole.

    One leaf has few cases, so its drop counts only if it is above the limit and the interval of the paired difference
    lies above 0: a fall that chance could explain is no ground to refuse. The mean over the old leaves has all their
    cases and is held to the limit itself. A leaf with nothing held out cannot be answered for: a fresh one is refused.
    """
    listed = sorted(outcomes, key=lambda found: found.leaf)
    reasons = [_reason(found, limits) for found in refused(listed, limits)]
    reasons += _mean_drop([found for found in listed if not found.fresh], limits)
    return GateRecord(not reasons, tuple(reasons), limits.maximum_drop, limits.minimum_score)


def refused(outcomes: Iterable[LeafOutcome], limits: Limits) -> Sequence[LeafOutcome]:
    """The leaves that are by themselves a ground to refuse."""
    return [
        found for found in outcomes if (_not_learned(found, limits) if found.fresh else _fell(found, limits))
    ]


def passed_in_words(outcomes: Iterable[LeafOutcome], limits: Limits) -> str:
    """What a passed gate rests on, in a line for the fresh leaves and one for the old ones."""
    listed = sorted(outcomes, key=lambda found: found.leaf)
    fresh = [(found.score, found.leaf) for found in listed if found.fresh and found.score is not None]
    old = [
        (found.parent - found.score, found)
        for found in listed
        if not found.fresh and found.score is not None and found.parent is not None
    ]
    lines = []
    if fresh:
        mean = sum(score for score, _ in fresh) / len(fresh)
        lines.append(
            f"fresh leaves ({len(fresh)}): mean {mean:.2f}, least {min(fresh)[0]:.2f} for {min(fresh)[1]} "
            f"(minimum {limits.minimum_score:.2f})"
        )
    if old:
        drop, most = max(old, key=lambda pair: pair[0])
        worst = f"{most.leaf} most, by {drop:.2f}" if drop > 0 else "none of them"
        chance = ", no more than chance may do" if _exceeds(drop, limits.maximum_drop) else ""
        lines.append(
            f"old leaves ({len(old)}): mean fell by {max(0.0, sum(d for d, _ in old) / len(old)):.2f}, "
            f"{worst}{chance} (limit {limits.maximum_drop:.2f})"
        )
    unknown = sum(found.score is None for found in listed)
    if unknown:
        lines.append(f"not judged ({unknown}): nothing was held out")
    return "\n".join(lines)


def _not_learned(found: LeafOutcome, limits: Limits) -> bool:
    return found.score is None or _exceeds(limits.minimum_score, found.score)


def _fell(found: LeafOutcome, limits: Limits) -> bool:
    if found.score is None or found.parent is None or found.drop_low is None:
        return False
    return _exceeds(found.parent - found.score, limits.maximum_drop) and found.drop_low > 0


def _exceeds(value: float, limit: float) -> bool:
    return round(value - limit, _EXACT) > 0


def _apart(value: float, limit: float) -> tuple[str, str]:
    """Both with two digits, or with as many as it takes to see that they differ."""
    for digits in range(2, _EXACT):
        texts = f"{value:.{digits}f}", f"{limit:.{digits}f}"
        if texts[0] != texts[1]:
            break
    return texts


def _reason(found: LeafOutcome, limits: Limits) -> str:
    """Why this leaf is refused."""
    if found.score is None:
        return f"{found.leaf}: nothing of this fresh leaf was held out, so it cannot be judged"
    if found.fresh:
        score, minimum = _apart(found.score, limits.minimum_score)
        return (
            f"{found.leaf}: not learned, {score}{_bounds(found)} is below the minimum of "
            f"{minimum}{_silence(found)}"
        )
    assert found.parent is not None and found.drop_low is not None, found.leaf
    drop, limit = _apart(found.parent - found.score, limits.maximum_drop)
    return (
        f"{found.leaf}: fell from {found.parent:.2f} to {found.score:.2f}, by {drop} "
        f"(at least {found.drop_low:.2f} at 95 %); the limit is {limit}{_silence(found)}"
    )


def _bounds(found: LeafOutcome) -> str:
    if found.interval is None:
        return ""
    low, high = found.interval
    cases = "1 case" if found.cases == 1 else f"{found.cases} cases"
    return f" ({low:.2f} to {high:.2f} at 95 %, {cases})"


def _silence(found: LeafOutcome) -> str:
    """A judge that says nothing must not pass for a model that learned nothing."""
    if not found.without_verdict:
        return ""
    return f"; the judge gave no verdict on {found.without_verdict} of {found.cases} answers, which count 0"


def _mean_drop(old: Sequence[LeafOutcome], limits: Limits) -> list[str]:
    drops = [
        found.parent - found.score for found in old if found.score is not None and found.parent is not None
    ]
    mean = sum(drops) / len(drops) if drops else 0.0
    if not _exceeds(mean, limits.maximum_drop):
        return []
    drop, limit = _apart(mean, limits.maximum_drop)
    leaves = "the only old leaf" if len(drops) == 1 else f"the {len(drops)} old leaves"
    on_the_mean = "" if len(drops) == 1 else " on the mean"
    return [f"{leaves} fell by {drop}{on_the_mean}; the limit is {limit}"]
