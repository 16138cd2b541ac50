"""`seedbed show`: the samples of a leaf, where each came from, and what was rejected."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from seedbed.checking.benchmark_lists import read_benchmark_texts
from seedbed.cli.options import recipe_option, write_out
from seedbed.errors import StoreError, UsageError
from seedbed.generation.across_leaves import Copies, screen
from seedbed.generation.find_recipe import find_recipe
from seedbed.generation.leaf_sources import read_pool, read_sources
from seedbed.generation.project import Project, chosen, open_project
from seedbed.generation.recall import Recalled, recall
from seedbed.generation.sample import Sample, Stage
from seedbed.generation.status import LeafStatus, taxonomy_status
from seedbed.reports.plural import counted
from seedbed.reports.sample_text import left_out_lines, rejected_lines, sample_lines
from seedbed.reports.unanswered import trouble_lines


@click.command()
@click.argument("leaf", required=False)
@click.option("--revision", default="HEAD", show_default=True, help="The commit whose leaf is meant.")
@click.option("--store", metavar="PATH|URL", help="Sample store, in place of the one in seedbed.toml.")
@click.option(
    "--stage", type=click.Choice([str(stage) for stage in Stage]), help="Only samples of this stage."
)
@click.option("--held-out", is_flag=True, help="Only what is kept for evaluation.")
@click.option(
    "--rejected",
    is_flag=True,
    help="The attempts that gave no sample, from this machine's journal, and samples that stand in a benchmark list.",
)
@recipe_option
@click.option("--count", type=click.IntRange(1), help="So many; all unless given.")
def show(
    leaf: str | None,
    revision: str,
    store: str | None,
    stage: str | None,
    held_out: bool,
    rejected: bool,
    recipe: str | None,
    count: int | None,
) -> None:
    """Page through the samples of LEAF (of all leaves unless given) with their provenance and scores."""
    project = open_project(Path.cwd(), store=store, reading=True)
    commit = project.repository.resolve(revision)
    statuses = taxonomy_status(
        project.repository,
        commit=commit,
        taxonomy_root=project.settings.taxonomy.root,
        releases=project.releases,
        store=project.store,
        recipe_digest=project.recipe(None, None).digest,
    )
    names = project.leaf_names([leaf]) if leaf else ()
    picked = chosen(statuses, names=names, everything=True, store=project.store)
    if rejected and leaf is None:
        raise UsageError("--rejected needs a LEAF", hint="seedbed show LEAF --rejected")
    width = shutil.get_terminal_size((100, 24)).columns
    if rejected:
        _page(_rejected(project, picked[0], commit, recipe, stage, count, width))
        return
    keys = [key for status in picked for key in status.sample_keys(project.store)]
    if not keys:
        what = f"samples of {names[0]}" if names else "samples of any leaf"
        raise StoreError(f"there are no {what}", hint=" ".join(("seedbed generate", *names)))
    _page(_samples(project, keys, stage, held_out, count, width))


def _samples(
    project: Project, keys: Iterable[str], stage: str | None, held_out: bool, count: int | None, width: int
) -> Iterator[str]:
    """Leaf by leaf: a store may hold more than fits into memory, and a reader may stop after a page."""
    shown = 0
    for key in keys:
        samples = [one for one in project.store.read(key) if _wanted(one, stage, held_out)]
        if samples:
            yield f"{samples[0].leaf}: {counted(len(samples), 'sample')}\n"
        for number, sample in enumerate(samples, 1):
            if count is not None and shown >= count:
                return
            shown += 1
            yield from sample_lines(sample, number, len(samples), width=width)
    if not shown:
        yield "no sample is of this kind; without --stage and --held-out all are shown"


def _wanted(sample: Sample, stage: str | None, held_out: bool) -> bool:
    return (stage is None or sample.stage == stage) and (sample.held_out or not held_out)


def _rejected(
    project: Project,
    status: LeafStatus,
    commit: str,
    flag: str | None,
    stage: str | None,
    count: int | None,
    width: int,
) -> Iterator[str]:
    recalled = _recalled(project, status, commit, flag)
    rejected = recalled.harvest.rejected if recalled.harvest else ()
    wanted = [one for one in rejected if stage is None or one.stage == stage]
    yield f"{status.name}: {counted(len(wanted), 'rejected attempt')}\n"
    for number, one in enumerate(wanted[:count], 1):
        yield from rejected_lines(one, number, len(wanted), width=width)
    if recalled.troubles:
        yield "requests without an answer that could be used:"
        yield from (f"  {line}" for line in trouble_lines(recalled.troubles))
    if recalled.missing:
        yield (
            f"the journal of this machine lacks {counted(recalled.missing, 'answer')} of this leaf: it was generated elsewhere, "
            "in part or in whole, and rejected attempts that hang on them are not shown"
        )
    yield from _in_benchmarks(project, status, commit, stage, count, width)


def _in_benchmarks(
    project: Project, status: LeafStatus, commit: str, stage: str | None, count: int | None, width: int
) -> Iterator[str]:
    """The stored samples that exports and plans leave out for a benchmark's sake, each with its place there."""
    texts = read_benchmark_texts(project.repository, project.settings, commit)
    if not texts:
        return
    samples = (one for key in status.sample_keys(project.store) for one in project.store.read(key))
    found = screen(
        (one for one in samples if _wanted(one, stage, False)), copies=Copies.OFF, benchmarks=texts
    ).fallen.values()
    yield f"{status.name}: {counted(len(found), 'stored sample')} left out of exports and plans\n"
    for number, one in enumerate(list(found)[:count], 1):
        yield from left_out_lines(one, number, len(found), width=width)


def _recalled(project: Project, status: LeafStatus, commit: str, flag: str | None) -> Recalled:
    """What fell when the stored samples were made: the leaf is grown again from the journal, and nobody is asked."""
    root = project.settings.taxonomy.root
    read = read_sources(
        project.repository, commit=commit, taxonomy_root=root, names=[status.name], fetch=False
    )
    if not status.stored or not read or read[0].leaf is None:
        raise StoreError(f"there are no samples of {status.name}", hint=f"seedbed generate {status.name}")
    if not read[0].fetched:
        raise StoreError(
            f"the documents of {status.name} are not fetched here",
            hint=f"seedbed generate {status.name}",
        )
    stored = project.store.describe(status.stored[0].key)
    making = stored.making
    recipe = find_recipe(project, making.recipe, making.recipe_digest, stored.funnels, flag=flag)
    if recipe is None:
        raise UsageError(
            f"the samples of {status.name} were made by a recipe {making.recipe!r} that is another now",
            hint="name its file with --recipe PATH, check out the commit that had it, or generate anew",
        )
    return recall(
        read[0],
        recipe=recipe,
        teacher=making.teacher,
        run_seed=making.seed,
        folder=project.journal_folder,
        pool=read_pool(project.repository, recipe, commit=commit, taxonomy_root=root),
    )


def _page(lines: Iterator[str]) -> None:
    """Through a pager on a terminal, plainly into a pipe."""
    if sys.stdout.isatty():
        click.echo_via_pager(f"{line}\n" for line in lines)
        return
    for line in lines:
        write_out(f"{line}\n")
