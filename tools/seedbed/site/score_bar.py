"""A score as a figure and a bar with its interval."""

from __future__ import annotations

from seedbed.generation.release_manifest import ScoreRecord
from seedbed.reports.html_writing import Markup, element
from seedbed.reports.plural import counted


def figure(score: float | None) -> str:
    """A score of 0…1, or a dash where there is none."""
    return "-" if score is None else f"{score:.2f}"


def score_bar(score: ScoreRecord) -> Markup:
    """The figure, its 95 % interval and cases in words, and the same drawn."""
    said = f"{score.low:.2f} to {score.high:.2f}, {counted(score.cases, 'case')}"
    return element(
        "div",
        element("b", f"{score.score:.2f}"),
        element("span", f" ({said})", class_="quiet"),
        bar(score.score, score.low, score.high),
        class_="score",
    )


def bar(score: float, low: float | None = None, high: float | None = None) -> Markup:
    """A score of 0…1 as a bar; the figure stands beside it, so it is left out for those who listen."""
    drawn = [element("rect", width=f"{100 * score:.1f}", height=8, class_="reached")]
    if low is not None and high is not None:
        drawn.append(
            element(
                "rect",
                x=f"{100 * low:.1f}",
                y=3,
                width=f"{100 * (high - low):.1f}",
                height=2,
                class_="interval",
            )
        )
    return element(
        "svg", drawn, viewBox="0 0 100 8", preserveAspectRatio="none", aria_hidden="true", class_="score-bar"
    )
