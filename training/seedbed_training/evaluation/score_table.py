"""Scores per leaf as a table for people and as a document for programs."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from seedbed_training.evaluation.measures import measure_name, mostly_long
from seedbed_training.evaluation.result_file import Evaluation
from seedbed_training.evaluation.score import RULE, Metric
from seedbed_training.planning.leaf_names import shortened

ARMS = ("base", "parent", "this")
_FIGURES_WIDTH = 54  # of everything in a line that is not the leaf's name
_NAMED = 3  # leaves of one measure that are named before the rest is counted


def score_rows(evaluation: Evaluation, fresh: Collection[str]) -> Sequence[Mapping[str, Any]]:
    """One mapping for each leaf that has cases, old leaves first, then by name."""
    leaves = {leaf for scores in evaluation.arms.values() for leaf in scores}
    return [
        _row(evaluation, leaf, leaf in fresh)
        for leaf in sorted(leaves, key=lambda leaf: (leaf in fresh, leaf))
    ]


def score_table(evaluation: Evaluation, fresh: Collection[str], *, width: int = 100) -> str:
    """Plain text; means over old and over fresh leaves below; no final newline.

    Lines are at most `width` characters wide (80 or more); longer names of leaves lose their middle.
    """
    rows = score_rows(evaluation, fresh)
    names = min(width - _FIGURES_WIDTH, max([len("leaf"), *(len(row["leaf"]) for row in rows)]))
    lines = [f"{'leaf':<{names}}  {'':5}  cases    base  parent    this  95 % interval"]
    for row in rows:
        word = "fresh" if row["fresh"] else "old"
        interval = f"{row['low']:.2f} to {row['high']:.2f}" if row["this"] is not None else ""
        name = shortened(row["leaf"], names)
        lines.append(f"{name:<{names}}  {word:5}  {row['cases']:>5}  {_arms(row)}  {interval}".rstrip())
    for word, wanted in (("old", False), ("fresh", True)):
        group = [row for row in rows if row["fresh"] is wanted]
        if group:
            means = {arm: _mean(row[arm] for row in group) for arm in ARMS}
            lines.append(f"{'mean':<{names}}  {word:5}  {'':>5}  {_arms(means)}")
    nats = [_nats_line(rows, word, wanted) for word, wanted in (("old", False), ("fresh", True))]
    lines += ["", *(line for line in nats if line)] if any(nats) else []
    notes = [
        f"scored by {evaluation.rule}",
        *_by_measure(rows),
        *_silences(evaluation),
        *_without_judge(evaluation),
    ]
    return "\n".join(
        [*lines, "", *(line for note in notes for line in textwrap.wrap(note, width, subsequent_indent="  "))]
    )


def _row(evaluation: Evaluation, leaf: str, fresh: bool) -> Mapping[str, Any]:
    found = {arm: evaluation.score(arm, leaf) for arm in ARMS}
    this = found["this"]
    return {
        "leaf": leaf,
        "fresh": fresh,
        "cases": max(len(score.cases) for score in found.values() if score),
        **{arm: score.score if score else None for arm, score in found.items()},
        "low": this.low if this else None,
        "high": this.high if this else None,
        "measure": next(measure_name(score, evaluation.judge) for score in found.values() if score),
        "nats": {arm: score.nats if score else None for arm, score in found.items()},
    }


def _by_measure(rows: Sequence[Mapping[str, Any]]) -> Sequence[str]:
    """Which leaf was scored by what; nothing where all were scored alike."""
    leaves: dict[str, list[str]] = {}
    for row in rows:
        leaves.setdefault(row["measure"], []).append(row["leaf"])
    return (
        [f"{measure}: {_named(found)}" for measure, found in sorted(leaves.items())]
        if len(leaves) > 1
        else []
    )


def _named(leaves: Sequence[str]) -> str:
    more = f" and {len(leaves) - _NAMED} more" if len(leaves) > _NAMED else ""
    return f"{', '.join(leaves[:_NAMED])}{more}"


def _silences(evaluation: Evaluation) -> Sequence[str]:
    """How often the judge gave no verdict, which is never kept quiet: these answers count 0."""
    found = []
    for arm in ARMS:
        scores = evaluation.arms.get(arm, {}).values()
        silent = sum(score.without_verdict for score in scores)
        if silent:
            judged = sum(len(score.cases) for score in scores if Metric.JUDGE in score.metrics)
            found.append(f"the judge gave no verdict on {silent} of {judged} answers of {arm}; they count 0")
    return found


def _without_judge(evaluation: Evaluation) -> Sequence[str]:
    """That long answers were compared word by word, where nobody decided that they are."""
    if evaluation.rule != RULE:
        return []
    long = sum(
        mostly_long([case.case.reference for case in score.cases])
        for score in evaluation.arms.get("this", {}).values()
    )
    if not long:
        return []
    text = (
        f"long answers ({long} {'leaf' if long == 1 else 'leaves'}) are compared word by word, as no judge is named under "
        "[evaluation] in seedbed.toml: right ones in other words score low"
    )
    return [text]


def _nats_line(rows: Sequence[Mapping[str, Any]], word: str, fresh: bool) -> str:
    """How far the references surprise each model, over the leaves of one kind."""
    group = [row["nats"] for row in rows if row["fresh"] is fresh]
    means = {arm: _mean(nats[arm] for nats in group) for arm in ARMS}
    known = [f"{arm} {mean:.3f}" for arm, mean in means.items() if mean is not None]
    return f"cross entropy of the {word} leaves' answers, nats a token: {', '.join(known)}" if known else ""


def _arms(row: Mapping[str, Any]) -> str:
    return "  ".join(f"{'-' if row[arm] is None else format(row[arm], '.2f'):>6}" for arm in ARMS)


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
