"""`seedbed show`: the samples of a leaf, and where each came from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from seedbed.errors import StoreError
from seedbed.generation.project import chosen, open_project
from seedbed.generation.sample import Sample
from seedbed.generation.status import taxonomy_status
from seedbed.reports.escape import terminal_text


@click.command()
@click.argument("leaf")
@click.option("--revision", default="HEAD", show_default=True, help="The commit whose leaf is meant.")
@click.option("--store", metavar="PATH|URL", help="Sample store, in place of the one in seedbed.toml.")
@click.option("--held-out", is_flag=True, help="Only what is kept for evaluation.")
@click.option("--count", type=click.IntRange(1), help="So many samples; all unless given.")
def show(leaf: str, revision: str, store: str | None, held_out: bool, count: int | None) -> None:
    """Page through the samples of LEAF with their provenance."""
    project = open_project(Path.cwd(), store=store)
    statuses = taxonomy_status(
        project.repository,
        commit=project.repository.resolve(revision),
        taxonomy_root=project.settings.taxonomy.root,
        releases=project.releases,
        store=project.store,
        recipe_digest=project.recipe(None, None).digest,
    )
    status = chosen(statuses, names=[leaf], everything=False, store=project.store)[0]
    keys = status.sample_keys(project.store)
    if not keys:
        raise StoreError(f"there are no samples of {leaf}", hint=f"seedbed generate --leaf {leaf}")
    samples = [
        sample for key in keys for sample in project.store.read(key) if sample.held_out or not held_out
    ]
    click.echo_via_pager(_pages(samples[:count], len(samples)))


def _pages(samples: list[Sample], of: int) -> Iterator[str]:
    for number, sample in enumerate(samples, 1):
        made = sample.provenance
        origin = f"{made.teacher.model} ({made.teacher.backend}), seed {made.seed}"
        if made.document_path and made.passage:
            origin += f", {made.document_path} lines {made.passage.line} to {made.passage.end_line}"
        yield f"{number} of {of}  {sample.stage}{', held out' if sample.held_out else ''}  {sample.id}\n"
        yield f"  from {terminal_text(origin)}\n"
        for message in sample.messages:
            for index, line in enumerate(message.content.splitlines() or [""]):
                yield f"  {message.role if index == 0 else '':>9}  {terminal_text(line)}\n"
        yield "\n"
