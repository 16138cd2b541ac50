"""`seedbed train`: train what is planned; the same command again goes on where it was stopped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path

import click
from rich.console import Console

from seedbed_training.cli.dry_run import show_dry_run
from seedbed_training.cli.options import (
    needing_torch,
    nothing_to_do,
    open_workspace,
    planning_options,
    prepare,
    table_width,
)
from seedbed_training.planning.plan_file import plan_digest, read_plan
from seedbed_training.planning.plan_table import plan_line, plan_table
from seedbed_training.releasing.prepare_plan import open_preparation
from seedbed_training.releasing.run_training import run_training, settled_plan


@click.command()
@planning_options
@click.option(
    "--plan",
    "plan_path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Train exactly this plan, written by `seedbed plan --output`; the options above are then not used.",
)
@click.option(
    "--track",
    "trackers",
    type=click.Choice(["tensorboard", "wandb", "mlflow"]),
    multiple=True,
    help="Send metrics there too, besides the run's metrics.jsonl; may be given several times.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Train nothing: build the recipe's model without memory, and say what the run needs.",
)
@click.option(
    "--gpus",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    help="GPUs that --dry-run reckons with.",
)
@click.option(
    "--gpu-memory",
    type=click.FloatRange(min=0, min_open=True),
    metavar="GIB",
    default=80.0,
    show_default=True,
    help="Memory of each of these GPUs.",
)
@click.option("--fail-on-empty", is_flag=True, help="Exit 3 when there is nothing to train.")
def train(
    recipe: str | None,
    release: str | None,
    seed: int,
    replay: bool,
    plan_path: Path | None,
    trackers: tuple[str, ...],
    dry_run: bool,
    gpus: int,
    gpu_memory: float,
    fail_on_empty: bool,
) -> None:
    """Train the next release on its base: the latest release's weights, or the recipe's base model for the first.

    The run lies in `.seedbed/runs/NAME`. Stopped in whatever way, the same command goes on from its last checkpoint
    and ends in the same weights.

    On several GPUs or machines: `torchrun --nproc-per-node GPUS -m seedbed train …`; the run's folder must be one that
    all of them see.
    """
    with needing_torch("training"):
        from seedbed_training.learning.progress import ConsoleProgress
        from seedbed_training.learning.world import is_first
    if dry_run:
        show_dry_run(
            open_workspace(),
            recipe=recipe,
            release=release,
            seed=seed,
            replay=replay,
            plan_path=plan_path,
            gpus=gpus,
            gpu_memory=gpu_memory,
        )
        return
    with nullcontext() if is_first() else _silence():
        workspace = open_workspace()
        if plan_path is not None:
            preparation = open_preparation(workspace, read_plan(plan_path))
        else:
            preparation = prepare(workspace, recipe=recipe, release=release, seed=seed, replay=replay)
        if nothing_to_do(preparation, fail_on_empty=fail_on_empty):
            return
        preparation = replace(preparation, plan=settled_plan(workspace, preparation.plan))
        if plan_path is not None:
            click.echo(f"plan {plan_digest(preparation.plan)[:12]}: {plan_line(preparation.plan)}\n")
        else:
            click.echo(plan_table(preparation.plan, width=table_width()) + "\n")
        with ConsoleProgress(Console(stderr=True)) as progress:
            result = run_training(workspace, preparation, progress=progress, trackers=trackers)
        name = preparation.plan.release
        click.echo(f"\ntrained {name}: {result.model}\nnext: seedbed eval --release {name}")


@contextmanager
def _silence() -> Iterator[None]:
    """Of the processes that torchrun started one speaks; an error of the others is told where it ends them."""
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        yield
