"""How different a leaf's samples are, and how many facts its questions cover, in a line each."""

from __future__ import annotations

from seedbed.generation.diversity import Diversity
from seedbed.generation.fact_coverage import FactCoverage
from seedbed.reports.escape import terminal_text

_SHOWN_FACTS = 3


def diversity_line(found: Diversity | None) -> str:
    """Such as `compression 2.31, repeats 4 %, distinct pairs 0.81, nearest 0.62 (38 samples, 2,000 words)`."""
    if found is None:
        return "diversity: too few samples to compare"
    return (
        f"diversity: compression {found.compression_ratio:.2f}, repeats {found.self_repetition:.0%}, "
        f"distinct pairs {found.distinct_2:.2f}, nearest {found.nearest_distance:.2f} "
        f"({found.samples} samples, {found.words:,} words)"
    )


def coverage_line(found: FactCoverage) -> str:
    """Such as `facts: 18 of 24 asked for; not: The pier was built in 1869.`; "" where no facts were listed."""
    if not found.facts:
        return ""
    line = f"facts: {found.covered} of {found.facts} asked for"
    missing = "; ".join(terminal_text(fact) for fact in found.uncovered[:_SHOWN_FACTS])
    more = f" and {len(found.uncovered) - _SHOWN_FACTS} more" if len(found.uncovered) > _SHOWN_FACTS else ""
    return f"{line}; not: {missing}{more}" if missing else line
