"""What a study leaves behind: figures as JSON, a page with its table, and a plot."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seedbed import __version__
from seedbed.errors import MissingExtraError
from seedbed.reports.plural import counted
from seedbed_training.planning.whole_file import write_whole
from seedbed_training.studies.run import Outcome
from seedbed_training.studies.study import Chart

_SHORT_LABEL = 20  # characters; of longer ones, three are wider than the picture


def study_json(outcome: Outcome) -> str:
    """The figures, rounded to what three seeds can tell."""
    figures = {name: round(value, 4) for name, value in outcome.findings.figures.items()}
    data = {
        "study": outcome.study.name,
        "seedbed": __version__,
        "seeds": list(outcome.seeds),
        "valid": not outcome.findings.invalid,
        "figures": {**figures, "seconds": round(outcome.seconds, 1)},
    }
    return json.dumps(data, indent=2) + "\n"


def study_table(outcome: Outcome) -> str:
    """The table for a terminal, one line per arm."""
    found = outcome.findings
    rows = (found.header, *found.rows)
    widths = [max(len(row[column]) for row in rows) for column in range(len(found.header))]
    lines = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([outcome.study.question, "", *lines, "", *found.says, *_warnings(outcome)])


def study_page(outcome: Outcome) -> str:
    """The same as Markdown, with the command that makes it again."""
    found, study = outcome.findings, outcome.study
    lines = [
        f"# Study: {study.name}",
        "",
        study.question,
        "",
        *_markdown_table(found.header, found.rows),
        "",
        *found.says,
        *_warnings(outcome),
        "",
        f"![{study.question}]({study.name}.svg)",
        "",
        (
            f"`seedbed study {study.name} --seeds {len(outcome.seeds)}`: {outcome.seconds / 60:.1f} minutes with "
            f"{counted(outcome.jobs, 'process', 'processes')} of one thread on {platform.machine()}. Figures are means over seeds {outcome.seeds[0]} to "
            f"{outcome.seeds[-1]}, ± the standard deviation from seed to seed."
        ),
    ]
    return "\n".join(lines) + "\n"


def write_study(outcome: Outcome, folder: Path) -> tuple[Path, ...]:
    """Write `NAME.json`, `NAME.md` and `NAME.svg`. Raises StoreError, MissingExtraError without matplotlib."""
    name = outcome.study.name
    paths = tuple(folder / f"{name}.{kind}" for kind in ("json", "md", "svg"))
    for path, text in zip(
        paths, (study_json(outcome), study_page(outcome), _svg(outcome.findings.chart)), strict=True
    ):
        write_whole(path, text)
    return paths


def _warnings(outcome: Outcome) -> list[str]:
    return [f"INVALID: {reason}" for reason in outcome.findings.invalid]


def _markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    ruler = ["---", *["---:"] * (len(header) - 1)]
    return ["| " + " | ".join(row) + " |" for row in (header, ruler, *rows)]


def _svg(chart: Chart) -> str:
    try:
        import matplotlib
    except ImportError as error:
        raise MissingExtraError("plotting", "train", "matplotlib") from error
    import io

    from matplotlib.figure import Figure

    with matplotlib.rc_context(
        {"svg.hashsalt": "seedbed", "svg.fonttype": "none"}
    ):  # equal data, equal bytes
        figure = Figure(figsize=(6.4, 4.0), layout="constrained")
        axes: Any = figure.subplots()
        for number, (name, values) in enumerate(chart.series.items()):
            means, errors = [v.mean for v in values], [v.deviation for v in values]
            if chart.lines:
                axes.errorbar(chart.places, means, yerr=errors, marker="o", capsize=3, label=name)
            else:
                width = 0.8 / len(chart.series)
                at = [place + (number - (len(chart.series) - 1) / 2) * width for place in range(len(means))]
                axes.bar(at, means, width, yerr=errors, capsize=3, label=name)
                axes.set_xticks(range(len(means)), chart.places)
        axes.set(xlabel=chart.x_label, ylabel=chart.y_label, ylim=(0, chart.y_limit))
        axes.grid(axis="y", alpha=0.3)
        columns = 3 if max(map(len, chart.series)) <= _SHORT_LABEL else 2
        figure.legend(loc="outside upper center", ncols=columns, frameon=False)
        sink = io.StringIO()
        figure.savefig(sink, format="svg", metadata={"Date": None})
    return sink.getvalue()
