"""The card's section on scores: every leaf before and after, and what that says of forgetting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from seedbed.generation.release_manifest import Role, ScoreRecord
from seedbed_training.evaluation.matrix import ScoreMatrix
from seedbed_training.releasing.card.facts import CardFacts
from seedbed_training.releasing.card.markdown import code, counted, figure, inline, table
from seedbed_training.releasing.plots.matrix import MATRIX_FILE
from seedbed_training.releasing.plots.scores import SCORES_FILE


def score_section(facts: CardFacts) -> str:
    """A picture, the table, and the figures of continual learning where there is something old."""
    return "\n".join(
        part
        for part in (
            f"![Score of each leaf, before and after]({SCORES_FILE})\n",
            _scores(facts),
            _continual(facts.matrix),
        )
        if part
    )


def means(group: Sequence[ScoreRecord]) -> tuple[str, str, str]:
    """Mean score of the base, the parent and the release."""
    return (
        _mean(score.base for score in group),
        _mean(score.parent for score in group),
        _mean(score.score for score in group),
    )


def _scores(facts: CardFacts) -> str:
    manifest = facts.manifest
    fresh = facts.names(Role.FRESH)
    parent = code(manifest.parent) if manifest.parent else "parent"
    rows = [("leaf", "", "cases", "base", parent, f"**{manifest.name}**", "95 % interval", "scored by")]
    for score in sorted(manifest.scores, key=lambda score: (score.leaf in fresh, score.leaf)):
        rows.append(
            (
                f"`{score.leaf}`",
                "fresh" if score.leaf in fresh else "old",
                str(score.cases),
                figure(score.base),
                figure(score.parent),
                f"**{score.score:.2f}**",
                f"{score.low:.2f} to {score.high:.2f}",
                inline(score.measure or "-"),
            )
        )
    for word, group in (
        ("old", [score for score in manifest.scores if score.leaf not in fresh]),
        ("fresh", [score for score in manifest.scores if score.leaf in fresh]),
    ):
        if group:
            rows.append(("mean", word, "", *means(group), "", ""))
    return f"{table(rows)}\n\nScored by {inline(facts.rule)}. Greedy answers; no case was trained on.\n"


def _continual(matrix: ScoreMatrix) -> str:
    if not matrix.old_leaves:
        return ""
    worst = matrix.worst_leaf_retention
    text = (
        f"Over the releases {', '.join(matrix.releases)}: accuracy {matrix.accuracy:.3f}"
        f"{_bounds(matrix.accuracy_interval)}, backward transfer {matrix.backward_transfer:+.3f}"
        f"{_bounds(matrix.backward_transfer_interval)} (last score minus the first one, old leaves), forgetting "
        f"{matrix.forgetting:+.3f}{_bounds(matrix.forgetting_interval)} (best earlier score minus the last one; above 0 "
        "something was forgotten)"
    )
    if matrix.forward_transfer is not None:
        text += f", forward transfer {matrix.forward_transfer:+.3f} (later leaves before they were taught, less the base)"
    if worst:
        text += f", worst retention {worst[1]:.0%} (`{worst[0]}`)"
    if matrix.unlike:
        text += f"; {counted(len(matrix.unlike), 'leaf', 'leaves')} scored by another measure before left out"
    return f"{text}.\n\n![Score of every leaf in every release]({MATRIX_FILE})\n"


def _bounds(interval: tuple[float, float] | None) -> str:
    return f" [{interval[0]:+.3f}, {interval[1]:+.3f}]" if interval else ""


def _mean(values: Iterable[float | None]) -> str:
    known = [value for value in values if value is not None]
    return figure(sum(known) / len(known) if known else None)
