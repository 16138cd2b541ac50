"""`seedbed audit-judge`: how far the judge can be trusted with this taxonomy."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

import click

from seedbed.cli.options import form_option, leaf_arguments
from seedbed.errors import NothingToDoError, UsageError
from seedbed.generation.asking import Asker
from seedbed.generation.audit_record import CriterionAudit, JudgeAudit, write_audit
from seedbed.generation.judge_audit import AuditCase, audit_cases, audit_judge, judging_digest
from seedbed.generation.leaf_sources import LeafSource, read_sources
from seedbed.generation.project import Project, check_leaf_names, open_project
from seedbed.generation.recipe import JudgingMode
from seedbed.generation.store_files import open_store_files
from seedbed.reports.escape import json_for_log, terminal_text
from seedbed.reports.judge_audit import judge_audit_text
from seedbed.reports.plural import counted
from seedbed.taxonomy.leaf import Leaf
from seedbed.teacher import event_loop
from seedbed.teacher.journal import JournaledTeacher

SECONDS_BETWEEN_LINES = 5.0


@click.command("audit-judge")
@leaf_arguments
@click.option("--revision", default="HEAD", show_default=True, help="The commit whose leaves are read.")
@click.option("--recipe", metavar="NAME|PATH", help="Generation recipe, in place of the one in seedbed.toml.")
@click.option(
    "--teacher",
    metavar="TEACHER",
    help="sandbox, transformers:PATH, vllm:PATH, ray:PATH#ENGINES or openai:URL[,URL…]#MODEL.",
)
@click.option(
    "--seeds", type=click.IntRange(1), default=5, show_default=True, help="Seeds of each leaf at most."
)
@click.option("--seed", type=click.IntRange(0), help="Seed of every random choice.")
@click.option("--store", metavar="PATH|URL", help="Sample store, in place of the one in seedbed.toml.")
@form_option
@click.option("--dry-run", is_flag=True, help="Say how many verdicts it would take, and ask nothing.")
def command(
    named: Sequence[str],
    leaves: Sequence[str],
    revision: str,
    recipe: str | None,
    teacher: str | None,
    seeds: int,
    seed: int | None,
    store: str | None,
    form: str,
    dry_run: bool,
) -> None:
    """Plant faults into the own seeds of each LEAF (of all unless given), and count what the judge catches, per criterion.

    Every verdict is kept in a journal: stop it at any time, and the same command goes on where it was. The result is
    kept in the store, under audits/.
    """
    project = open_project(Path.cwd(), store=store)
    plan = project.recipe(recipe, None)
    if not any(stream.judging.mode is JudgingMode.VERDICT for stream in plan.streams.values()):
        raise UsageError(
            f"recipe {plan.name} has no judge: its answers are compared with a second answer",
            hint="--recipe lab, or another recipe with judging by verdict",
        )
    commit = project.repository.resolve(revision)
    run_seed = project.settings.generation.seed if seed is None else seed
    found = _leaves(project, commit, project.leaf_names((*named, *leaves)))
    cases = audit_cases(found, plan, run_seed=run_seed, seeds_per_leaf=seeds)
    if not cases:
        raise NothingToDoError(
            "no leaf here has a seed that this recipe judges by verdict", hint="--recipe lab"
        )
    click.echo(f"{counted(len(found), 'leaf')}, {counted(len(cases), 'verdict')} to ask for", err=True)
    if dry_run:
        return
    opened = project.open_teacher(teacher, journal="judge-audit.sqlite")
    criteria = _run(cases, opened)
    audit = JudgeAudit(
        plan.name,
        plan.digest,
        judging_digest(plan),
        opened.identity,
        commit,
        run_seed,
        tuple(leaf.name for leaf in found),
        criteria,
    )
    kept = write_audit(open_store_files(project.store.url), audit)
    click.echo(
        json_for_log(json.dumps(audit.to_json(), indent=2)) if form == "json" else judge_audit_text(audit),
        nl=form == "json",
    )
    click.echo(f"kept as {kept} in {project.store.url}", err=True)


def _leaves(project: Project, commit: str, names: Sequence[str]) -> list[Leaf]:
    """The leaves of these names, or all that can be read; what cannot is said. Raises UsageError for a wrong name."""
    sources = read_sources(
        project.repository, commit=commit, taxonomy_root=project.settings.taxonomy.root, fetch=False
    )
    check_leaf_names(names, [source.name for source in sources])
    wanted: list[LeafSource] = [source for source in sources if not names or source.name in names]
    for source in wanted:
        if source.leaf is None:
            click.echo(
                f"left out: {terminal_text(source.name)}: {terminal_text(source.problem or '')}", err=True
            )
    return [source.leaf for source in wanted if source.leaf is not None]


class _Progress:
    """A line on standard error every few seconds: how many verdicts, how fast, how long still."""

    def __init__(self, verdicts: int) -> None:
        self._all, self._done = verdicts, 0
        self._start = self._last = time.monotonic()

    def answered(self) -> None:
        self._done += 1
        now = time.monotonic()
        if now - self._last < SECONDS_BETWEEN_LINES:
            return
        self._last = now
        rate = self._done / (now - self._start)
        left = (self._all - self._done) / rate
        click.echo(f"{self._done:,}/{self._all:,} verdicts, {rate:.0f}/s, about {left:.0f} s left", err=True)


def _run(cases: Sequence[AuditCase], teacher: JournaledTeacher) -> tuple[CriterionAudit, ...]:
    progress = _Progress(len(cases))

    async def run() -> tuple[CriterionAudit, ...]:
        try:
            return await audit_judge(cases, Asker(teacher), answered=progress.answered)
        finally:
            await teacher.close()

    try:
        return event_loop.run(run())
    finally:
        click.echo(
            f"{teacher.asked:,} requests made, {teacher.recalled:,} answers recalled from the journal",
            err=True,
        )
