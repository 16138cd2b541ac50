"""Standard benchmarks by lm-evaluation-harness: which figure of which task, and how its results are read. Pure.

Few-shot counts and metrics are those of the LAB paper's table 3 (arXiv 2403.01081), so that figures can stand beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seedbed.errors import TrainingError

_PREFERRED = ("exact_match", "acc_norm", "acc", "f1")
"""Which metric of a task stands for it, where it is none of LAB's."""


@dataclass(frozen=True, slots=True)
class BenchmarkTask:
    """A task of lm-evaluation-harness. `shots` None leaves the number of examples to the task itself."""

    name: str
    shots: int | None = None
    metric: str | None = None
    """Its key in the results, such as `acc_norm,none`; None: the first of exact match, normalised accuracy, accuracy."""


LAB_TASKS = (
    BenchmarkTask("mmlu", 5, "acc,none"),
    BenchmarkTask("arc_challenge", 25, "acc_norm,none"),
    BenchmarkTask("hellaswag", 10, "acc_norm,none"),
    BenchmarkTask("winogrande", 5, "acc,none"),
    BenchmarkTask("gsm8k", 5, "exact_match,strict-match"),
)


@dataclass(frozen=True, slots=True)
class BenchmarkScore:
    """One model on one task; `value` and `standard_error` are in per cent for harness tasks."""

    value: float
    standard_error: float | None
    metric: str
    cases: int | None = None


def chosen_tasks(names: Sequence[str]) -> tuple[BenchmarkTask, ...]:
    """The tasks of these names; `lab` stands for the five of the LAB paper. Each once, in the order given."""
    known = {task.name: task for task in LAB_TASKS}
    listed = [
        task
        for name in names
        for task in (LAB_TASKS if name == "lab" else (known.get(name) or BenchmarkTask(name),))
    ]
    return tuple(dict.fromkeys(listed))


def read_results(document: Mapping[str, Any], task: BenchmarkTask) -> BenchmarkScore:
    """The task's figure from a results file of the harness. Raises TrainingError when it is not in it."""
    found = document.get("results", {}).get(task.name, {})
    keys = [key for key in found if "," in key and "_stderr," not in key]
    metric = task.metric or next(
        (key for wanted in _PREFERRED for key in keys if key.partition(",")[0] == wanted), None
    )
    if metric is None or not isinstance(found.get(metric), int | float):
        raise TrainingError(
            f"the harness gave no figure {metric or ''} for {task.name}; it has {', '.join(sorted(keys)) or 'none'}",
            hint="check the task's name and its metric_list",
        )
    name, _, kind = metric.partition(",")
    error = found.get(f"{name}_stderr,{kind}")
    cases = document.get("n-samples", {}).get(task.name, {}).get("effective")
    return BenchmarkScore(
        100.0 * found[metric], 100.0 * error if isinstance(error, int | float) else None, metric, cases
    )
