"""The card's section on standard benchmarks, beside the rows that LAB published."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from seedbed.generation.proportion import QUANTILE
from seedbed.reports.plural import counted
from seedbed_training.evaluation.benchmark_table import limit_of
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
_ABOUT = {
    "mt_bench": "judged conversations",
    "mmlu": "exam questions",
    "arc_challenge": "school science",
    "hellaswag": "how everyday scenes go on",
    "winogrande": "whom a sentence means",
    "gsm8k": "school mathematics",
}
"""Task → what it asks, for who never heard of it."""
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
    rows = [("model", *(_head(models, task) for task in (*measured, *others)))]
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
    return f"## Standard benchmarks\n\n{table(rows)}\n\n{_how(facts.benchmarks, names)}\n"


def changes_in_words(found: Mapping[str, Any] | None) -> str:
    """Each benchmark before and now, the losses first; empty where none was run.

    A change that lies within the 95 % interval of its standard errors is none that was shown.
    """
    models: Mapping[str, Mapping[str, Any]] = (found or {}).get("models", {})
    this = models.get("this", {})
    before = models.get("parent") or models.get("base") or {}
    said: dict[str, list[str]] = {"worse at": [], "better at": [], "no clear change at": [], "measured": []}
    for task in [task for task in (*COLUMNS, *sorted(set(this) - set(COLUMNS))) if task in this]:
        now = f"**{this[task]['value']:.1f}**"
        if task in before:
            text = f"{_named(models, task)}: {before[task]['value']:.1f} → {now}"
            said[_change(before[task], this[task])].append(text)
        else:
            said["measured"].append(f"{_named(models, task)}: {now}")
    return "; ".join(f"{word} {', '.join(texts)}" for word, texts in said.items() if texts)


def _change(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    difference = now["value"] - before["value"]
    error = math.hypot(before.get("standard_error") or 0.0, now.get("standard_error") or 0.0)
    if abs(difference) <= QUANTILE * error or round(difference, 1) == 0.0:
        return "no clear change at"
    return "better at" if difference > 0 else "worse at"


def _named(models: Mapping[str, Mapping[str, Any]], task: str) -> str:
    about = f" ({_ABOUT[task]})" if task in _ABOUT else ""
    return f"{_head(models, task)}{about}"


def _head(models: Mapping[str, Mapping[str, Any]], task: str) -> str:
    """A task's title; a trial on some of its cases never stands there as the whole."""
    limit = limit_of(models, task)
    return inline(_title(task)) + (f", first {limit} cases" if limit else "")


def measured_results(found: Mapping[str, Any] | None) -> list[EvalResult]:
    """This release's figures of the harness as hubs index them: of whole tasks, and without a judge's grades, which are
    no metric that a hub knows."""
    from huggingface_hub import EvalResult

    this: Mapping[str, Any] = (found or {}).get("models", {}).get("this", {})
    return [
        EvalResult(
            task_type="text-generation",
            dataset_type=_DATA_SETS.get(task, task),
            dataset_name=_title(task),  # plain: YAML has escapes of its own
            metric_type=score["metric"].partition(",")[0],
            metric_value=round(score["value"], 2),
        )
        for task, score in sorted(this.items())
        if task != COLUMNS[0] and not score.get("limit")
    ]


def _title(task: str) -> str:
    return _TITLES[COLUMNS.index(task)] if task in COLUMNS else task


def _how(found: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Who measured, and what the judge said of pairs."""
    parts = [
        f"Measured with {inline(str(found['tool']))}." if "tool" in found else "",
        "± is the standard error." if _has_errors(found) else "",
    ]
    judge = found.get("judge")
    if judge:
        parts.append(_judged(found, judge, names.get(judge["against"], "the base")))
    return " ".join(part for part in parts if part)


def _has_errors(found: Mapping[str, Any]) -> bool:
    return any(
        score.get("standard_error") is not None
        for scores in found["models"].values()
        for score in scores.values()
    )


def _judged(found: Mapping[str, Any], judge: Mapping[str, Any], other: str) -> str:
    """Who graded what, how often it gave no answer, and that another judge's grades are no measure for these."""
    unread = sum(scores.get(COLUMNS[0], {}).get("unread") or 0 for scores in found["models"].values())
    silent = f"; {counted(unread, 'grade', 'grades')} that it did not give are left out" if unread else ""
    undecided = f", and changed its mind with the order on {judge['undecided']}"
    without = f", and gave no verdict on {judge['unread']}" if judge.get("unread") else ""
    return (
        f"Answers to {counted(judge['questions'], 'question', 'questions')} in the manner of MT-Bench were graded from 1 to "
        f"10 by {inline(str(judge['model']))}{silent}. The LAB paper's MT-Bench figures are of another judge, and of "
        f"MT-Bench's own 80 questions: they say nothing of these. Beside {other}, it found "
        f"{judge['wins']} conversations better, {judge['losses']} worse and {judge['ties']} alike in both orders"
        f"{undecided}{without}."
    )


def _score(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "-"
    text = f"{found['value']:.2f}"
    return text if found.get("standard_error") is None else f"{text} ± {found['standard_error']:.2f}"
