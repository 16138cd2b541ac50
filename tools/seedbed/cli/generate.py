"""`seedbed generate`: samples for the leaves that need some."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from seedbed.documents.fetch import FetchPolicy
from seedbed.errors import ExitCode, MissingExtraError, NothingToDoError, SeedbedError
from seedbed.generation.entrance import unreadable_words
from seedbed.generation.estimate import Estimate, estimate_leaf
from seedbed.generation.generate import LeafOutcome, Outcome
from seedbed.generation.generate import generate as generate_samples
from seedbed.generation.knowledge import source_passages
from seedbed.generation.leaf_sources import LeafSource, read_sources
from seedbed.generation.project import Project, chosen, open_project, teacher_settings
from seedbed.generation.recipe import GenerationRecipe
from seedbed.generation.seed import leaf_seeds
from seedbed.generation.status import LeafStatus, taxonomy_status
from seedbed.reports.escape import terminal_text
from seedbed.reports.funnel import counted, funnel_lines
from seedbed.taxonomy.changes import changed_leaves
from seedbed.teacher.open_teacher import open_teacher
from seedbed.teacher.teacher import Teacher

_SHOWN_NAMES = 5
REAL_TEACHER = (
    "a larger teacher grows them: `seedbed generate --teacher openai:URL#MODEL --recipe lab`, "
    "or [teacher] backend, model, url and [generation] recipe in seedbed.toml"
)


@click.command()
@click.option("--all", "everything", is_flag=True, help="Every leaf, not only those that need samples.")
@click.option(
    "--leaf", "leaves", multiple=True, metavar="NAME", help="This leaf; may be given several times."
)
@click.option("--revision", default="HEAD", show_default=True, help="The commit whose leaves are read.")
@click.option("--recipe", metavar="NAME|PATH", help="Generation recipe, in place of the one in seedbed.toml.")
@click.option("--teacher", metavar="TEACHER", help="sandbox, transformers:PATH or openai:URL#MODEL.")
@click.option(
    "--samples", type=click.IntRange(1), help="Samples per leaf (knowledge: per passage and stage)."
)
@click.option("--seed", type=click.IntRange(0), help="Seed of every random choice.")
@click.option("--store", metavar="PATH|URL", help="Sample store, in place of the one in seedbed.toml.")
@click.option("--dry-run", is_flag=True, help="Say what would be asked, and ask nothing.")
@click.option("--fail-on-empty", is_flag=True, help="Exit 3 when there is nothing to generate.")
def generate(
    everything: bool,
    leaves: Sequence[str],
    revision: str,
    recipe: str | None,
    teacher: str | None,
    samples: int | None,
    seed: int | None,
    store: str | None,
    dry_run: bool,
    fail_on_empty: bool,
) -> int:
    """Make samples for fresh leaves: new or changed since the latest release, or without samples in the store.

    Samples are stored leaf by leaf, and every answer of the teacher is kept in a journal: stop it at any time, and the
    same command goes on where it was.
    """
    project = open_project(Path.cwd(), store=store)
    plan = project.recipe(recipe, samples)
    run_seed = project.settings.generation.seed if seed is None else seed
    commit = project.repository.resolve(revision)
    if revision == "HEAD":
        _warn_of_uncommitted(project, commit)
    statuses = taxonomy_status(
        project.repository,
        commit=commit,
        taxonomy_root=project.settings.taxonomy.root,
        releases=project.releases,
        store=project.store,
        recipe_digest=plan.digest,
    )
    picked = chosen(statuses, names=leaves, everything=everything, store=project.store)
    click.echo(
        f"{len(picked)} of {len(statuses)} leaves at {commit[:12]}, recipe {plan.name}, seed {run_seed}"
    )
    if not picked:
        if fail_on_empty:
            raise NothingToDoError(
                "every leaf is as in the latest release", hint="--all grows them all the same"
            )
        return ExitCode.FINE
    picked = _with_documents(project, commit, picked)
    if dry_run:
        reader = open_teacher(teacher_settings(project.settings, teacher)) if plan.closed_vocabulary else None
        _print_estimate(picked, plan, run_seed, reader)
        return ExitCode.FINE
    sources = [status.source for status in picked if status.source is not None]
    outcomes = _run(project, sources, plan, teacher, run_seed)
    _print_outcomes(outcomes)
    if all(outcome.outcome in (Outcome.REFUSED, Outcome.UNREADABLE) for outcome in outcomes):
        return ExitCode.USAGE
    return ExitCode.FINE


def _warn_of_uncommitted(project: Project, commit: str) -> None:
    """What is edited but not committed is not grown: its author should not wait for it in vain."""
    if project.repository.is_bare:
        return
    changed = changed_leaves(
        project.repository, base=commit, head=None, taxonomy_root=project.settings.taxonomy.root
    )
    names = [terminal_text(change.name) for change in changed]
    if names:
        shown = ", ".join(names[:_SHOWN_NAMES]) + (", …" if len(names) > _SHOWN_NAMES else "")
        click.echo(
            f"warning: {counted(len(names), 'leaf')} changed since the last commit, which this run does not see: {shown}; "
            "commit them first (`seedbed preview` shows what is not committed yet)",
            err=True,
        )


def _with_documents(project: Project, commit: str, picked: Sequence[LeafStatus]) -> list[LeafStatus]:
    """The leaves with the documents that still stand in other repositories only."""
    missing = [status.name for status in picked if status.source is not None and not status.source.fetched]
    if not missing:
        return list(picked)
    click.echo(f"fetching the documents of {counted(len(missing), 'leaf')}", err=True)
    read = read_sources(
        project.repository,
        commit=commit,
        taxonomy_root=project.settings.taxonomy.root,
        names=missing,
        policy=FetchPolicy(hosts=project.settings.documents.hosts),
    )
    fetched = {source.name: source for source in read}
    return [replace(status, source=fetched.get(status.name, status.source)) for status in picked]


def _need_libraries() -> None:
    """What is missing is said before the teacher is asked, not when its answers are to be stored."""
    try:
        import jinja2  # noqa: F401
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("seedbed generate", "generate", error.name or "pyarrow") from error


def _run(
    project: Project, sources: Sequence[LeafSource], recipe: GenerationRecipe, flag: str | None, run_seed: int
) -> tuple[LeafOutcome, ...]:
    from seedbed.cli.generate_progress import watch

    _need_libraries()
    teacher = project.open_teacher(flag, journal="journal.sqlite")

    async def run() -> tuple[LeafOutcome, ...]:
        try:
            with watch(len(sources)) as progress:
                return await generate_samples(
                    sources,
                    recipe=recipe,
                    teacher=teacher,
                    store=project.store,
                    run_seed=run_seed,
                    progress=progress,
                )
        finally:
            await teacher.close()

    click.echo(f"teacher {terminal_text(str(teacher.identity))}; store {project.store.url}")
    try:
        return asyncio.run(run())
    finally:
        click.echo(f"{teacher.asked:,} requests made, {teacher.recalled:,} answers recalled from the journal")


def _print_outcomes(outcomes: Sequence[LeafOutcome]) -> None:
    for outcome in outcomes:
        if outcome.outcome in (Outcome.GENERATED, Outcome.STORED):
            click.echo(
                f"{terminal_text(outcome.name)}: {outcome.outcome}, {outcome.samples:,} samples, "
                f"{outcome.held_out:,} held out, {(outcome.key or '')[:12]}"
            )
            if outcome.outcome is Outcome.GENERATED:
                for line in funnel_lines(outcome.funnels):
                    click.echo(f"  {line}")
        else:
            click.echo(
                f"{terminal_text(outcome.name)}: {outcome.outcome}: {terminal_text(outcome.reason)}", err=True
            )
    refused = [outcome for outcome in outcomes if outcome.outcome is Outcome.REFUSED]
    if refused:
        click.echo(f"refused: {counted(len(refused), 'leaf')}; {REAL_TEACHER}", err=True)
    empty = [
        outcome.name
        for outcome in outcomes
        if outcome.outcome is Outcome.GENERATED and not outcome.total.kept
    ]
    if empty:
        click.echo(
            f"nothing was accepted of {', '.join(map(terminal_text, empty))}: see the funnel above", err=True
        )


def _print_estimate(
    picked: Sequence[LeafStatus], recipe: GenerationRecipe, run_seed: int, reader: Teacher | None
) -> None:
    """A line per leaf and the sum; `reader` is the teacher whose closed vocabulary decides what it can read at all."""
    total = Estimate()
    for status in picked:
        source = status.source
        made = [stored.making for stored in status.stored]
        if any(making.recipe_digest == recipe.digest and making.seed == run_seed for making in made):
            click.echo(f"{terminal_text(status.name)}: {status.why}; stored already by this recipe and seed")
            continue
        if source is None or source.leaf is None:
            reason = source.problem if source else ""
            click.echo(f"{terminal_text(status.name)}: {terminal_text(reason or '')}", err=True)
            continue
        try:
            passages = source_passages(source.documents, recipe.passages)
        except SeedbedError as error:
            click.echo(f"{terminal_text(status.name)}: {error.message}", err=True)
            continue
        unreadable = unreadable_words(leaf_seeds(source.leaf), passages, reader) if reader else None
        if unreadable:
            click.echo(
                f"{terminal_text(status.name)}: {status.why}; would be refused: {terminal_text(unreadable)}"
            )
            continue
        cost = estimate_leaf(source.leaf, passages, recipe)
        total += cost
        click.echo(f"{terminal_text(status.name)}: {status.why}; {_cost(cost)}")
    click.echo(f"about {_cost(total)} in all; nothing was asked")


def _cost(cost: Estimate) -> str:
    return f"{cost.requests:,} requests, {cost.prompt_tokens:,} prompt and {cost.completion_tokens:,} answer tokens"
