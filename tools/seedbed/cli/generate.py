"""`seedbed generate`: samples for the leaves that need some."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click

from seedbed.cli.generate_estimate import print_estimate
from seedbed.cli.generate_outcomes import print_outcomes
from seedbed.cli.options import leaf_arguments
from seedbed.cli.terminal import advise
from seedbed.documents.fetch import FetchPolicy
from seedbed.errors import ExitCode, MissingExtraError, NothingToDoError
from seedbed.generation.cost import Prices
from seedbed.generation.earlier_runs import earlier_runs
from seedbed.generation.generate import generate as generate_samples
from seedbed.generation.leaf_outcome import LeafOutcome, Outcome
from seedbed.generation.leaf_sources import LeafSource, read_pool, read_sources
from seedbed.generation.project import Project, chosen, open_project, teacher_settings
from seedbed.generation.recipe import GenerationRecipe
from seedbed.generation.recipe_record import record_recipe
from seedbed.generation.seed_pool import SeedPool
from seedbed.generation.shard import WHOLE, Shard
from seedbed.generation.status import LeafStatus, taxonomy_status
from seedbed.generation.store_files import open_store_files
from seedbed.generation.stored_already import stored_already
from seedbed.generation.template_variables import recipe_templates
from seedbed.generation.unanswered import Troubles
from seedbed.reports.escape import terminal_text
from seedbed.reports.plural import counted
from seedbed.taxonomy.changes import changed_leaves
from seedbed.teacher import event_loop
from seedbed.teacher.open_teacher import open_teacher

_SHOWN_NAMES = 5


@click.command()
@leaf_arguments
@click.option("--all", "everything", is_flag=True, help="Every leaf, not only those that need samples.")
@click.option("--revision", default="HEAD", show_default=True, help="The commit whose leaves are read.")
@click.option("--recipe", metavar="NAME|PATH", help="Generation recipe, in place of the one in seedbed.toml.")
@click.option(
    "--teacher",
    metavar="TEACHER",
    help="sandbox, transformers:PATH, vllm:PATH, ray:PATH#ENGINES or openai:URL[,URL…]#MODEL.",
)
@click.option(
    "--samples",
    type=click.IntRange(1),
    help="Samples per leaf (knowledge: per stage, so many times its passages).",
)
@click.option("--seed", type=click.IntRange(0), help="Seed of every random choice.")
@click.option(
    "--shard",
    metavar="I/N",
    help="Only part I of N of the leaves: each machine takes another, all the same N.",
)
@click.option("--store", metavar="PATH|URL", help="Sample store, in place of the one in seedbed.toml.")
@click.option(
    "--retry-failed",
    is_flag=True,
    help="Ask again what failed, was refused, came empty or was cut off before, as when the teacher's server has been "
    "mended.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be asked, and ask nothing.")
@click.option("--fail-on-empty", is_flag=True, help="Exit 3 when there is nothing to generate.")
def generate(
    named: Sequence[str],
    leaves: Sequence[str],
    everything: bool,
    revision: str,
    recipe: str | None,
    teacher: str | None,
    samples: int | None,
    seed: int | None,
    shard: str | None,
    store: str | None,
    retry_failed: bool,
    dry_run: bool,
    fail_on_empty: bool,
) -> int:
    """Make samples of each LEAF, or of those that are fresh: new or changed since the latest release, or without
    samples in the store.

    Samples are stored leaf by leaf, and every answer of the teacher is kept in a journal: stop it at any time, and the
    same command goes on where it was.

    Several machines share the work when each is given its own --shard. They may write one store on a shared disk at a
    time; each has a journal of its own.
    """
    part = WHOLE if shard is None else Shard.parse(shard)
    project = open_project(Path.cwd(), store=store)
    leaves = project.leaf_names((*named, *leaves))
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
        revocations=project.revocations,
        store=project.store,
        recipe_digest=plan.digest,
    )
    picked = chosen(statuses, names=leaves, everything=everything, store=project.store)
    picked = [status for status in picked if part.holds(status.name)]
    where = f", shard {part}" if shard else ""
    click.echo(
        f"{len(picked)} of {len(statuses)} leaves at {commit[:12]}, recipe {plan.name}, seed {run_seed}{where}"
    )
    if not picked:
        if fail_on_empty:
            raise NothingToDoError(
                "every leaf is as in the latest release", hint="--all grows them all the same"
            )
        return ExitCode.FINE
    reading = _Reading(project, commit)
    reading.fetch(picked)
    if dry_run:
        with suppress(MissingExtraError):  # which a dry run does not need
            recipe_templates(plan)
        reader = open_teacher(teacher_settings(project.settings, teacher)) if plan.closed_vocabulary else None
        earlier = earlier_runs(project.store, plan, teacher_settings(project.settings, teacher))
        prices = Prices.of(project.settings.teacher)
        print_estimate(picked, reading.leaves, plan, run_seed, reader, prices, earlier)
        return ExitCode.FINE
    troubles = Troubles()
    outcomes = _run(
        project,
        reading,
        picked,
        plan,
        teacher,
        run_seed,
        part,
        read_pool(project.repository, plan, commit=commit, taxonomy_root=project.settings.taxonomy.root),
        verify=bool(leaves),
        retry_failed=retry_failed,
        troubles=troubles,
    )
    print_outcomes(outcomes, plan, troubles.commonest())
    if any(outcome.outcome is Outcome.BROKEN for outcome in outcomes):
        return ExitCode.INTERNAL
    if all(outcome.outcome in (Outcome.REFUSED, Outcome.UNREADABLE, Outcome.FAILED) for outcome in outcomes):
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
        advise(
            f"warning: {counted(len(names), 'leaf')} changed since the last commit, which this run does not see: {shown}; "
            "commit them first (`seedbed preview` shows what is not committed yet)"
        )


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads leaves of one commit when they are wanted, so that only those that grow are held."""

    project: Project
    commit: str

    def leaves(self, names: Iterable[str]) -> Iterator[LeafSource]:
        """The leaves of these names with their documents, each when it is asked for."""
        settings = self.project.settings
        for name in dict.fromkeys(names):
            yield from read_sources(
                self.project.repository,
                commit=self.commit,
                taxonomy_root=settings.taxonomy.root,
                names=[name],
                policy=FetchPolicy(hosts=settings.documents.hosts),
            )

    def fetch(self, picked: Sequence[LeafStatus]) -> None:
        """Bring documents that still stand in other repositories only, before anything is asked."""
        missing = [one.name for one in picked if one.source is not None and not one.source.fetched]
        if missing:
            click.echo(f"fetching the documents of {counted(len(missing), 'leaf')}", err=True)
            for _ in self.leaves(missing):
                pass


def _need_libraries() -> None:
    """What is missing is said before the teacher is asked, not when its answers are to be stored."""
    try:
        import jinja2  # noqa: F401
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("seedbed generate", "generate", error.name or "pyarrow") from error


def _run(
    project: Project,
    reading: _Reading,
    picked: Sequence[LeafStatus],
    recipe: GenerationRecipe,
    flag: str | None,
    run_seed: int,
    shard: Shard,
    pool: SeedPool | None,
    *,
    verify: bool,
    retry_failed: bool,
    troubles: Troubles,
) -> tuple[LeafOutcome, ...]:
    """Grow what the store does not list. With `verify` leaves that it does list are read, and grown again if damaged."""
    from seedbed.cli.generate_progress import watch

    _need_libraries()
    teacher = project.open_teacher(flag, journal=f"journal{shard.suffix}.sqlite", retry_failed=retry_failed)
    prices = Prices.of(project.settings.teacher)
    listed = {} if verify else stored_already(picked, recipe, teacher.identity, run_seed)
    names = [status.name for status in picked if status.name not in listed]

    async def run() -> tuple[LeafOutcome, ...]:
        try:
            record_recipe(open_store_files(project.store.url), recipe)
            with watch(len(names), teacher, prices, troubles) as progress:
                return await generate_samples(
                    reading.leaves(names),
                    recipe=recipe,
                    teacher=teacher,
                    store=project.store,
                    run_seed=run_seed,
                    progress=progress,
                    shard=shard,
                    pool=pool,
                    give_up_after=project.settings.generation.give_up_after,
                )
        finally:
            await teacher.close()

    click.echo(f"teacher {terminal_text(str(teacher.identity))}; store {project.store.url}")
    try:
        grown = event_loop.run(run())
    finally:
        click.echo(f"{teacher.asked:,} requests made, {teacher.recalled:,} answers recalled from the journal")
    return tuple(sorted([*listed.values(), *grown], key=lambda outcome: outcome.name))
