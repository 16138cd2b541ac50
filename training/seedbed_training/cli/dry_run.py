"""What `seedbed train --dry-run` shows."""

from __future__ import annotations

from pathlib import Path

import click

from seedbed_training.cli.options import prepare
from seedbed_training.planning.plan_file import read_plan
from seedbed_training.planning.read_recipe import load_recipe
from seedbed_training.releasing.dry_run import dry_run, dry_run_text
from seedbed_training.releasing.workspace import SANDBOX_STUDENT, Workspace


def show_dry_run(
    workspace: Workspace,
    *,
    recipe: str | None,
    release: str | None,
    seed: int,
    replay: bool,
    plan_path: Path | None,
    gpus: int,
    gpu_memory: float,
) -> None:
    """Print it; the plan is the given one, or a new one where the base's tokenizer is at hand to count with."""
    if plan_path is not None:
        plan = read_plan(plan_path)
        click.echo(dry_run_text(dry_run(plan.recipe, plan=plan, gpus=gpus, gibibytes=gpu_memory)))
        return
    chosen = load_recipe(recipe or workspace.settings.training.recipe)
    at_hand = chosen.base_model == SANDBOX_STUDENT or (Path(chosen.base_model) / "config.json").is_file()
    made = None
    if at_hand:  # otherwise counting tokens would download a model
        made = prepare(workspace, recipe=recipe, release=release, seed=seed, replay=replay).plan
    click.echo(dry_run_text(dry_run(chosen, plan=made, gpus=gpus, gibibytes=gpu_memory)))
