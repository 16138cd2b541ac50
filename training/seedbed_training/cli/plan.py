"""`seedbed plan`: what the next release would be trained on, phase by phase."""

from __future__ import annotations

from pathlib import Path

import click

from seedbed.errors import UsageError
from seedbed_training.cli.options import (
    nothing_to_do,
    open_workspace,
    planning_options,
    prepare,
    table_width,
)
from seedbed_training.planning.plan_file import read_plan, write_plan
from seedbed_training.planning.plan_table import plan_table, step_table


@click.command()
@planning_options
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the plan to a file, for `seedbed train --plan`.",
)
@click.option(
    "--show",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Show the plan in this file instead of making one.",
)
@click.option(
    "--step",
    metavar="PHASE:N",
    help="Also list the samples of step N (from 1) of a phase.",
)
@click.option("--fail-on-empty", is_flag=True, help="Exit 3 when there is nothing to train.")
def plan(
    recipe: str | None,
    release: str | None,
    seed: int,
    replay: bool,
    output: Path | None,
    show: Path | None,
    step: str | None,
    fail_on_empty: bool,
) -> None:
    """Show phase by phase what the next release would be trained on; nothing is trained.

    Fresh leaves are those that are new or changed since the latest release; what was taught before comes back as
    replay, within the recipe's shares.
    """
    if show is not None:
        if recipe or release or seed or output or not replay or fail_on_empty:
            raise UsageError(
                "--show shows a plan as it was made; no other option than --step goes with it",
                hint="leave out --show to make a plan, or the other options to show this one",
            )
        shown = read_plan(show)
        click.echo(plan_table(shown, width=table_width()))
        if step is not None:
            click.echo("\n" + step_table(shown, step))
        return
    preparation = prepare(open_workspace(), recipe=recipe, release=release, seed=seed, replay=replay)
    if output is not None:
        write_plan(preparation.plan, output)
    if not nothing_to_do(preparation, fail_on_empty=fail_on_empty):
        click.echo(plan_table(preparation.plan, width=table_width()))
        if step is not None:
            click.echo("\n" + step_table(preparation.plan, step))
    if output is not None:
        click.echo(f"written to {output}", err=True)
