"""The card's section on standard benchmarks, beside the rows that LAB published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from seedbed_training.releasing.card.facts import CardFacts
from seedbed_training.releasing.card.markdown import code, inline, table

if TYPE_CHECKING:
    from huggingface_hub import EvalResult

PUBLISHED = {
    "Labradorite-13b": (7.23, 58.89, 61.69, 83.15, 79.56, 40.11),
    "Merlinite-7b": (7.66, 64.88, 63.99, 84.37, 78.24, 44.58),
}
"""LAB paper (arXiv 2403.01081), table 3: MT-Bench (1 to 10), then MMLU 5-shot, ARC-C 25-shot, HellaSwag 10-shot,
Winogrande 5-shot, GSM8K 5-shot strict, in per cent."""
COLUMNS = ("mt_bench", "mmlu", "arc_challenge", "hellaswag", "winogrande", "gsm8k")
_TITLES = ("MT-Bench", "MMLU", "ARC-C", "HellaSwag", "Winogrande", "GSM8K")
_DATA_SETS = {
    "mmlu": "cais/mmlu",
    "arc_challenge": "allenai/ai2_arc",
    "hellaswag": "Rowan/hellaswag",
    "winogrande": "allenai/winogrande",
    "gsm8k": "openai/gsm8k",
}
"""Task → the hub's name of its data."""


def benchmark_section(facts: CardFacts) -> str:
    """What was measured, or how to measure it; LAB's rows only where one of its columns was measured."""
    if not facts.benchmarks:
        return (
            "## Standard benchmarks\n\nNone was run before this release was cut. `seedbed eval --benchmark lab` runs those of "
            "the LAB paper on a release, its parent and its base; run before `seedbed release`, they stand here.\n"
        )
    models: Mapping[str, Mapping[str, Any]] = facts.benchmarks["models"]
    names = {"this": f"**{facts.manifest.name}**", "parent": code(facts.manifest.parent or "parent")}
    tasks = sorted({task for found in models.values() for task in found})
    measured = [column for column in COLUMNS if column in tasks]
    others = [task for task in tasks if task not in COLUMNS]
    rows = [("model", *(_TITLES[COLUMNS.index(column)] for column in measured), *map(inline, others))]
    rows += [
        (names.get(arm, arm), *(_score(models[arm].get(task)) for task in (*measured, *others)))
        for arm in ("base", "parent", "this")
        if arm in models
    ]
    if measured:
        rows += [
            (
                f"{name} (LAB paper)",
                *(f"{row[COLUMNS.index(column)]:.2f}" for column in measured),
                *("-" for _ in others),
            )
            for name, row in PUBLISHED.items()
        ]
    return f"## Standard benchmarks\n\n{table(rows)}\n\n{_how(facts.benchmarks)}\n"


def changes_in_words(facts: CardFacts) -> str:
    """Each benchmark before and now; empty where none was run."""
    models: Mapping[str, Mapping[str, Any]] = (facts.benchmarks or {}).get("models", {})
    this = models.get("this", {})
    before = models.get("parent") or models.get("base") or {}
    tasks = [task for task in (*COLUMNS, *sorted(set(this) - set(COLUMNS))) if task in this]
    return ", ".join(
        f"{inline(_title(task))} {before[task]['value']:.1f} → **{this[task]['value']:.1f}**"
        if task in before
        else f"{inline(_title(task))} **{this[task]['value']:.1f}**"
        for task in tasks
    )


def measured_results(facts: CardFacts) -> list[EvalResult]:
    """This release's figures of the harness as hubs index them; a judge's grades are no metric that a hub knows."""
    from huggingface_hub import EvalResult

    found: Mapping[str, Any] = (facts.benchmarks or {}).get("models", {}).get("this", {})
    return [
        EvalResult(
            task_type="text-generation",
            dataset_type=_DATA_SETS.get(task, task),
            dataset_name=_title(task),  # plain: YAML has escapes of its own
            metric_type=score["metric"].partition(",")[0],
            metric_value=round(score["value"], 2),
        )
        for task, score in sorted(found.items())
        if task != COLUMNS[0]
    ]


def _title(task: str) -> str:
    return _TITLES[COLUMNS.index(task)] if task in COLUMNS else task


def _how(found: Mapping[str, Any]) -> str:
    """Who measured, and what the judge said of pairs."""
    parts = [
        f"Measured with {inline(str(found['tool']))}." if "tool" in found else "",
        "± is the standard error.",
    ]
    judge = found.get("judge")
    if judge:
        parts.append(
            f"Conversations were graded from 1 to 10 by {inline(str(judge['model']))}; beside "
            f"{inline(str(judge['against']))}, it found {judge['wins']} answers better, {judge['losses']} worse and "
            f"{judge['ties']} alike in both orders, and changed its mind with the order on {judge['undecided']}."
        )
    return " ".join(part for part in parts if part)


def _score(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "-"
    text = f"{found['value']:.2f}"
    return text if found.get("standard_error") is None else f"{text} ± {found['standard_error']:.2f}"
