"""`seedbed study`: small experiments on what replay, order and mixing do, with their bounds beside them."""

from __future__ import annotations

import difflib
import time
from pathlib import Path

import click

from seedbed.errors import TrainingError, UsageError
from seedbed_training.cli.options import needing_torch

KEPT = Path(".seedbed") / "studies"


@click.command()
@click.argument("name", required=False)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="How many seeds; each has a world of its own.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    help="Arms trained at a time, one thread each.",
)
@click.option(
    "--json",
    "json_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the figures here.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=KEPT,
    show_default=True,
    help="Where table, figures and plot are written.",
)
@click.option("--afresh", is_flag=True, help="Train every arm again, also those that were finished before.")
def study(name: str | None, seeds: int, jobs: int, json_path: Path | None, out: Path, afresh: bool) -> None:
    """Run the study NAME and write down its table and plot; without NAME, list the studies.

    Each takes minutes on two cores. Stopped at any time, the same command goes on with the arms that are missing. Exits
    with 1 if the study is invalid: if its lower bound does not collapse, its other figures mean nothing.
    """
    with needing_torch("a study"):
        from seedbed_training.studies.catalogue import STUDIES
        from seedbed_training.studies.report import study_json, study_table, write_study
        from seedbed_training.studies.run import run_study
    from seedbed_training.planning.whole_file import write_whole

    if name is None:
        for known in STUDIES.values():
            click.echo(f"{known.name:12} {known.question}")
        return
    if name not in STUDIES:
        close = difflib.get_close_matches(name, list(STUDIES), n=1)
        raise UsageError(
            f"there is no study called {name!r}",
            hint=f"did you mean {close[0]}?" if close else f"studies: {', '.join(STUDIES)}",
        )
    kept = KEPT / "arms"
    if afresh:
        kept = kept / time.strftime("%Y%m%dT%H%M%S")
    outcome = run_study(
        STUDIES[name],
        seeds=range(seeds),
        kept=kept,
        jobs=jobs,
        report=lambda line: click.echo(f"{name}: {line}", err=True),
    )
    click.echo(study_table(outcome))
    paths = write_study(outcome, out)
    if json_path is not None:
        write_whole(json_path, study_json(outcome))
    click.echo(f"written to {', '.join(str(path) for path in paths)}", err=True)
    if outcome.findings.invalid:
        raise TrainingError(
            f"the study {name} is invalid: {outcome.findings.invalid[0]}",
            hint="the table is above; a bound that does not bound needs longer arms or harder leaves",
        )
