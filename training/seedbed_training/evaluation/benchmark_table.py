"""Benchmarks as a table for people: a row for each task, a column for each model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seedbed.reports.plural import counted

_ARMS = ("base", "parent", "this")


def benchmark_table(found: Mapping[str, Any]) -> str:
    """Plain text, no final newline; `found` is what the run's `benchmarks.json` holds."""
    models: Mapping[str, Mapping[str, Any]] = found["models"]
    arms = [arm for arm in _ARMS if arm in models]
    tasks = sorted({task for arm in arms for task in models[arm]})
    width = max(len(task) for task in ["task", *tasks])
    lines = [f"{'task':<{width}}  " + "  ".join(f"{arm:>14}" for arm in arms)]
    for task in tasks:
        lines.append(
            f"{task:<{width}}  " + "  ".join(f"{_figure(models[arm].get(task)):>14}" for arm in arms)
        )
    notes = [*_limits(models, tasks), *_unread(models, arms)]
    judge = found.get("judge")
    if judge:
        notes.append(
            f"beside {judge['against']}: {judge['wins']} better, {judge['losses']} worse, {judge['ties']} alike, "
            f"{judge['undecided']} undecided (the judge changed its mind with the order)"
            + (f", {judge['unread']} without a verdict" if judge.get("unread") else "")
        )
    return "\n".join([*lines, *notes])


def _limits(models: Mapping[str, Mapping[str, Any]], tasks: Sequence[str]) -> Sequence[str]:
    """Tasks of which not every case was asked: a trial, no figure to compare with others."""
    found = {task: limit_of(models, task) for task in tasks}
    return [f"{task}: the first {limit} cases alone" for task, limit in found.items() if limit]


def limit_of(models: Mapping[str, Mapping[str, Any]], task: str) -> int | None:
    """The least number of cases that any model was asked at most; None where all were asked."""
    limits = [scores[task].get("limit") for scores in models.values() if task in scores]
    return min((int(limit) for limit in limits if limit), default=None)


def _unread(models: Mapping[str, Mapping[str, Any]], arms: Sequence[str]) -> Sequence[str]:
    """Grades that a judge did not give, which are never kept quiet."""
    return [
        f"{task}: the judge gave no grade {counted(score['unread'], 'time', 'times')} for {arm}; these are left out"
        for arm in arms
        for task, score in models[arm].items()
        if score.get("unread")
    ]


def _figure(score: Mapping[str, Any] | None) -> str:
    if score is None:
        return "-"
    error = score.get("standard_error")
    return f"{score['value']:.2f}" if error is None else f"{score['value']:.2f} ± {error:.2f}"
