"""`seedbed eval`: every leaf scored on what was held out, by the base model, the parent release and the new model."""

from __future__ import annotations

import json

import click
from rich.console import Console

from seedbed_training.cli.options import begun_run, open_workspace, release_option, table_width
from seedbed_training.cli.progress import CountedProgress
from seedbed_training.evaluation.result_file import Evaluation
from seedbed_training.evaluation.score_table import score_rows, score_table
from seedbed_training.planning.plan import TrainingPlan
from seedbed_training.releasing.run_evaluation import EVALUATION_FILE, run_evaluation


@click.command("eval")
@release_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def evaluate(release: str | None, form: str) -> None:
    """Score every leaf, old and new, on samples that no model was trained on.

    The same questions are put to the base model, the parent release and the trained run.
    """
    workspace = open_workspace()
    preparation = begun_run(workspace, release)
    with CountedProgress(Console(stderr=True)) as progress:
        evaluation = run_evaluation(workspace, preparation, progress=progress)
    name = preparation.plan.release
    if form == "json":
        click.echo(json.dumps(_document(evaluation, preparation.plan), indent=2))
        return
    click.echo(score_table(evaluation, preparation.plan.fresh, width=table_width()))
    click.echo(
        f"every answer: {workspace.run_directory(name) / EVALUATION_FILE}\nnext: seedbed release --release {name}"
    )


def _document(evaluation: Evaluation, plan: TrainingPlan) -> dict[str, object]:
    return {
        "version": 1,
        "release": evaluation.release,
        "parent": plan.parent,
        "plan_digest": evaluation.plan_digest,
        "models": dict(evaluation.digests),
        "rule": evaluation.rule,
        "replay_token_share": plan.replay_token_share,
        "leaves": [dict(row) for row in score_rows(evaluation, plan.fresh)],
    }
