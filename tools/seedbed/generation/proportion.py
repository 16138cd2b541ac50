"""How far a share of some cases can be from the share of all."""

from __future__ import annotations

import math

QUANTILE = 1.959964
"""Of the standard normal distribution, two-sided 95 %."""


def wilson_interval(right: float, cases: int) -> tuple[float, float]:
    """95 % interval of a share, 0…1 (Wilson 1927): three right ones of three are not taken for certain.

    `right` may count cases in part. `cases` > 0.
    """
    mean = right / cases
    weight = QUANTILE**2 / cases
    middle = (mean + weight / 2) / (1 + weight)
    reach = QUANTILE * math.sqrt(mean * (1 - mean) / cases + weight / (4 * cases)) / (1 + weight)
    return max(0.0, min(mean, middle - reach)), min(1.0, max(mean, middle + reach))
