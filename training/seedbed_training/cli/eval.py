"""`seedbed eval`: leaves scored on what was held out, benchmarks, judged conversations; base, parent and new model."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from seedbed.errors import UsageError
from seedbed.generation.project import journaled, teacher_settings
from seedbed.reports.escape import terminal_text
from seedbed.teacher.open_teacher import open_teacher
from seedbed_training.cli.options import begun_run, open_workspace, release_option, table_width
from seedbed_training.cli.progress import CountedProgress
from seedbed_training.evaluation.benchmark_table import benchmark_table
from seedbed_training.evaluation.conversation_questions import ConversationQuestion, read_questions
from seedbed_training.evaluation.harness import harness_version
from seedbed_training.evaluation.result_file import Evaluation
from seedbed_training.evaluation.score_table import score_rows, score_table
from seedbed_training.evaluation.standard_benchmarks import chosen_tasks
from seedbed_training.planning.plan import TrainingPlan
from seedbed_training.releasing.leaf_judge import JUDGE_JOURNAL, judge_settings
from seedbed_training.releasing.prepare_plan import Preparation
from seedbed_training.releasing.run_benchmarks import HarnessOptions, judge_conversations, run_benchmarks
from seedbed_training.releasing.run_evaluation import EVALUATION_FILE, run_evaluation
from seedbed_training.releasing.workspace import Workspace


@click.command("eval")
@release_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--benchmark",
    "benchmarks",
    multiple=True,
    metavar="TASK",
    help="Also run this task of lm-evaluation-harness; `lab` is the five of the LAB paper. May be given several times.",
)
@click.option(
    "--tasks",
    "include",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with benchmark tasks of your own.",
)
@click.option("--limit", type=click.IntRange(1), help="Cases of each benchmark at most, for a trial.")
@click.option(
    "--questions",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also have these conversations judged: MT-Bench's question.jsonl, or your own.",
)
@click.option(
    "--judge",
    metavar="TEACHER",
    help="Who judges them; seedbed.toml's judge, else its teacher, unless given.",
)
@click.option(
    "--judgements", type=click.IntRange(1), default=3, show_default=True, help="Grades of each answer."
)
def evaluate(
    release: str | None,
    form: str,
    benchmarks: Sequence[str],
    include: Path | None,
    limit: int | None,
    questions: Path | None,
    judge: str | None,
    judgements: int,
) -> None:
    """Score every leaf, old and new, on samples that no model was trained on.

    The same questions are put to the base model, the parent release and the trained run. What was measured with the
    same weights before is not measured again.
    """
    if judge is not None and questions is None:
        raise UsageError("--judge needs conversations to judge", hint="--questions question.jsonl")
    if (include is not None or limit is not None) and not benchmarks:
        raise UsageError(
            "--tasks and --limit are for benchmarks", hint="--benchmark NAME, or --benchmark lab"
        )
    if benchmarks:
        harness_version()  # what cannot be had is said before hours of asking
    conversations = read_questions(questions) if questions is not None else ()
    workspace = open_workspace()
    preparation = begun_run(workspace, release)
    with CountedProgress(Console(stderr=True)) as progress:
        evaluation = run_evaluation(workspace, preparation, progress=progress)
    name = preparation.plan.release
    measured: Mapping[str, Any] | None = None
    if benchmarks:
        options = HarnessOptions(include, limit)
        measured = run_benchmarks(
            workspace, preparation, chosen_tasks(benchmarks), options, say=_say, hear=_hear
        )
    if conversations:
        measured = _judged(workspace, preparation, conversations, judge, judgements)
    if form == "json":
        document = _document(evaluation, preparation.plan)
        click.echo(json.dumps(document | ({"benchmarks": measured} if measured else {}), indent=2))
        return
    click.echo(score_table(evaluation, preparation.plan.fresh, width=table_width()))
    if measured is not None:
        click.echo(f"\n{terminal_lines(benchmark_table(measured))}\n")
    click.echo(
        f"every answer: {workspace.run_directory(name) / EVALUATION_FILE}\nnext: seedbed release --release {name}"
    )


def terminal_lines(text: str) -> str:
    """Names of tasks and judges are other people's text."""
    return "\n".join(terminal_text(line) for line in text.splitlines())


def _judged(
    workspace: Workspace,
    preparation: Preparation,
    questions: Sequence[ConversationQuestion],
    judge: str | None,
    judgements: int,
) -> Mapping[str, Any]:
    usual = None if judge else judge_settings(workspace)
    teacher = open_teacher(usual or teacher_settings(workspace.settings, judge))
    asked = journaled(teacher, workspace.state / JUDGE_JOURNAL, retry_failed=True)
    return judge_conversations(workspace, preparation, questions, asked, judgements=judgements, say=_say)


def _say(text: str) -> None:
    click.echo(terminal_text(text), err=True)


def _hear(text: str) -> None:
    """What the harness says goes to a terminal as it is said; in a log its bars would be a line for each case."""
    if sys.stderr.isatty():
        click.echo(_written_out(text), err=True, nl=False)


def _written_out(text: str) -> str:
    """Line breaks and carriage returns as they are, whatever else a terminal would obey written out."""
    return "".join(
        part if part in ("\r", "\n") else terminal_text(part) for part in re.split(r"([\r\n])", text)
    )


def _document(evaluation: Evaluation, plan: TrainingPlan) -> dict[str, object]:
    return {
        "version": 1,
        "release": evaluation.release,
        "parent": plan.parent,
        "plan_digest": evaluation.plan_digest,
        "models": dict(evaluation.digests),
        "rule": evaluation.rule,
        "judge": evaluation.judge,
        "replay_token_share": plan.replay_token_share,
        "leaves": [dict(row) for row in score_rows(evaluation, plan.fresh)],
    }
