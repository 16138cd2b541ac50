"""Benchmarks as a table for people: a row for each task, a column for each model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
    judge = found.get("judge")
    if judge:
        lines.append(
            f"beside {judge['against']}: {judge['wins']} better, {judge['losses']} worse, {judge['ties']} alike, "
            f"{judge['undecided']} undecided (the judge changed its mind with the order)"
        )
    return "\n".join(lines)


def _figure(score: Mapping[str, Any] | None) -> str:
    if score is None:
        return "-"
    error = score.get("standard_error")
    return f"{score['value']:.2f}" if error is None else f"{score['value']:.2f} ± {error:.2f}"
