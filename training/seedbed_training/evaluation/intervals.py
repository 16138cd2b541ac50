"""How far a mean over a few cases can be from the mean over all: 95 % intervals. Pure and seeded."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

from seedbed.generation.proportion import wilson_interval

BOOTSTRAP_RESAMPLES = 1000
_DIFFERING_CASES = 10
"""That a bootstrap needs: with fewer cases off the most common score it holds the true mean far less often than it says."""


def interval(values: Sequence[float], *, seed: str) -> tuple[float, float]:
    """95 % interval of the mean of `values`, 0…1 each; `values` is not empty.

    A bootstrap over the cases where ten of them or more differ from the most common score. Else it is Wilson's (1927),
    which reckons with the largest spread that scores of this mean can have: from one case, or from cases that all
    scored alike, a bootstrap would take the mean for certain. So it is where every case is right or wrong.
    """
    common = Counter(values).most_common(1)[0][1]
    graded = any(value not in (0.0, 1.0) for value in values)
    if graded and len(values) - common >= _DIFFERING_CASES:
        return bootstrap_interval(values, seed=seed)
    return wilson_interval(sum(values), len(values))


def bootstrap_interval(values: Sequence[float], *, seed: str) -> tuple[float, float]:
    """2.5 % and 97.5 % quantiles of the mean over resamples of `values` with replacement; `values` is not empty."""
    generator = random.Random(f"bootstrap/{seed}")
    count = len(values)
    means = sorted(sum(generator.choices(values, k=count)) / count for _ in range(BOOTSTRAP_RESAMPLES))
    return means[round(0.025 * (len(means) - 1))], means[round(0.975 * (len(means) - 1))]


def least_drop(drops: Sequence[float], *, seed: str) -> float:
    """Lower end of the 95 % interval of the mean of `drops`, each what one case lost (-1…1); `drops` is not empty.

    The lower of two. A bootstrap over the cases; and, since that is sure of a case that stands alone, what is left if
    of all that changed as little was lost as Wilson's interval allows (for right and wrong this is McNemar's test: of
    cases that changed, chance turns as many to the better). So three cases that fell prove nothing, and four do.
    """
    changed = [drop for drop in drops if drop]
    low, _ = bootstrap_interval(drops, seed=seed)
    if not changed:
        return low
    weight = sum(map(abs, changed))
    lost = sum(drop for drop in changed if drop > 0) / weight
    least_lost, _ = wilson_interval(lost * len(changed), len(changed))
    return min(low, (2.0 * least_lost - 1.0) * weight / len(drops))
