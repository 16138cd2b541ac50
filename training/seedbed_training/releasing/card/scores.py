"""The card's section on scores: every leaf before and after, and what that says of forgetting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from seedbed.generation.release_manifest import GateRecord, Role, ScoreRecord
from seedbed.reports.plural import counted
from seedbed_training.evaluation.gate import Limits
from seedbed_training.evaluation.matrix import ScoreMatrix
from seedbed_training.releasing.card.facts import CardFacts
from seedbed_training.releasing.card.markdown import capped_table, code, figure, inline, table
from seedbed_training.releasing.plots.matrix import MATRIX_FILE
from seedbed_training.releasing.plots.scores import SCORES_FILE


def score_section(facts: CardFacts) -> str:
    """What a score is, a picture, the table, and the figures of continual learning where there is something old."""
    return "\n".join(
        part
        for part in (
            (
                "A score is the share of a leaf's held-out questions that the model gets right, from 0 to 1; long "
                "answers can be right in part. No model was trained on these questions, and each model is asked the same ones. "
                f"What decides: {inline(facts.rule)}.\n"
            ),
            f"![Score of each leaf, before and after]({SCORES_FILE})\n",
            _scores(facts),
            _gate(facts.manifest.gate),
            _continual(facts.matrix),
        )
        if part
    )


def _gate(gate: GateRecord) -> str:
    """What the release was held to: a reader cannot tell otherwise whether the limits were lowered for it."""
    if gate.minimum_score is None or gate.maximum_drop is None:
        return ""
    usual = Limits()
    own = Limits(gate.maximum_drop, gate.minimum_score)
    wider = "" if own == usual else f" Usual are {usual.minimum_score:g} and {usual.maximum_drop:g}."
    return (
        f"The gate that it passed: every fresh leaf had to score {own.minimum_score:g} or more, and no old leaf, nor the old "
        f"leaves on the mean, was to fall by more than {own.maximum_drop:g} below the release before (a fall of one leaf that "
        f"chance may explain is let pass).{wider}\n"
    )


def means(group: Sequence[ScoreRecord]) -> tuple[str, str, str]:
    """Mean score of the base, the parent and the release."""
    return (
        _mean(score.base for score in group),
        _mean(score.parent for score in group),
        _mean(score.score for score in group),
    )


def _scores(facts: CardFacts) -> str:
    """Means first, so that a long table keeps them; what leaves were scored by only where they differ in it."""
    manifest = facts.manifest
    fresh = facts.names(Role.FRESH)
    parent = code(manifest.parent) if manifest.parent else "parent"
    mixed = len({score.measure for score in manifest.scores}) > 1
    rows = [
        ("leaf", "", "cases", "base", parent, f"**{manifest.name}**", "95 % interval")
        + (("scored by",) if mixed else ())
    ]
    for word, group in (
        ("old", [score for score in manifest.scores if score.leaf not in fresh]),
        ("fresh", [score for score in manifest.scores if score.leaf in fresh]),
    ):
        if group:
            rows.append((f"*mean of {word} leaves*", "", "", *means(group), "") + (("",) if mixed else ()))
    for score in sorted(manifest.scores, key=lambda score: (score.leaf in fresh, score.leaf)):
        rows.append(
            (
                code(score.leaf),
                "fresh" if score.leaf in fresh else "old",
                str(score.cases),
                figure(score.base),
                figure(score.parent),
                f"**{score.score:.2f}**",
                f"{score.low:.2f} to {score.high:.2f}",
            )
            + ((inline(score.measure or "-"),) if mixed else ())
        )
    return f"{capped_table(rows, 'the manifest has all')}\n"


def _continual(matrix: ScoreMatrix) -> str:
    left_out = (
        f"{counted(len(matrix.unlike), 'leaf', 'leaves')} had another measure in an earlier release, so their scores are not "
        "compared.\n"
        if matrix.unlike
        else ""
    )
    if not matrix.old_leaves:
        return left_out
    rows = [
        ("over all its releases", "", "95 % interval", "what it says"),
        _figure("accuracy", f"{matrix.accuracy:.3f}", matrix.accuracy_interval, "mean score now"),
        _figure(
            "backward transfer",
            f"{matrix.backward_transfer:+.3f}",
            matrix.backward_transfer_interval,
            "score now less the first one, over old leaves; below 0 is forgetting",
        ),
        _figure(
            "forgetting",
            f"{matrix.forgetting:+.3f}",
            matrix.forgetting_interval,
            "best earlier score less the one now, over old leaves; above 0 something was forgotten",
        ),
    ]
    if matrix.forward_transfer is not None:
        what = "score of later leaves just before they were taught, less the base's"
        rows.append(_figure("forward transfer", f"{matrix.forward_transfer:+.3f}", None, what))
    worst = matrix.worst_leaf_retention
    if worst:
        what = f"least share of its first score that an old leaf keeps: {code(worst[0])}"
        rows.append(_figure("worst retention", f"{worst[1]:.0%}", None, what))
    picture = f"![Score of every leaf in every release]({MATRIX_FILE})\n"
    return "\n".join(part for part in (f"{table(rows)}\n", left_out, picture) if part)


def _figure(name: str, value: str, interval: tuple[float, float] | None, what: str) -> tuple[str, ...]:
    sign = "+" if value[0] in "+-" else ""
    bounds = f"{interval[0]:{sign}.3f} to {interval[1]:{sign}.3f}" if interval else "-"
    return name, value, bounds, what


def _mean(values: Iterable[float | None]) -> str:
    known = [value for value in values if value is not None]
    return figure(sum(known) / len(known) if known else None)
