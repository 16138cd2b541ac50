"""`seedbed status`: where each leaf stands."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nsmallest
from pathlib import Path

import click

from seedbed.errors import NothingToDoError
from seedbed.generation.diversity import diversity
from seedbed.generation.fact_coverage import fact_coverage
from seedbed.generation.funnel import total
from seedbed.generation.project import open_project
from seedbed.generation.release_manifest import latest_release
from seedbed.generation.status import LeafState, LeafStatus, taxonomy_status
from seedbed.generation.store import SampleStore
from seedbed.reports.diversity import coverage_line, diversity_line
from seedbed.reports.escape import terminal_text
from seedbed.reports.funnel import funnel_line
from seedbed.reports.plural import counted

SHOWN = 200
"""Lines by default; of more leaves than that, those that want a look."""


@click.command()
@click.option("--revision", default="HEAD", show_default=True, help="The commit whose leaves are read.")
@click.option("--store", metavar="PATH|URL", help="Sample store, in place of the one in seedbed.toml.")
@click.option(
    "--diversity",
    "with_diversity",
    is_flag=True,
    help="How different each leaf's samples are, and which facts they ask for.",
)
@click.option(
    "--all", "everything", is_flag=True, help=f"Show every leaf, also where there are more than {SHOWN}."
)
@click.option("--fail-on-empty", is_flag=True, help="Exit 3 when no leaf is fresh or removed.")
def status(
    revision: str, store: str | None, with_diversity: bool, everything: bool, fail_on_empty: bool
) -> None:
    """Every leaf against the latest release (fresh, unchanged, removed, revoked), and its samples in the store.

    Of a large taxonomy those leaves are shown that something is to be done about, and what all of them hold together.
    """
    project = open_project(Path.cwd(), store=store, reading=True)
    commit = project.repository.resolve(revision)
    releases = project.releases
    statuses = taxonomy_status(
        project.repository,
        commit=commit,
        taxonomy_root=project.settings.taxonomy.root,
        releases=releases,
        revocations=project.revocations,
        store=project.store,
        recipe_digest=project.recipe(None, None).digest,
    )
    latest = latest_release(releases)
    click.echo(f"{commit[:12]} against {latest.name if latest else 'no release'}; store {project.store.url}")
    shown = statuses if everything else _foremost(statuses)
    width = max((len(one.name) for one in shown), default=0)
    lines: list[str] = []
    for one in shown:
        lines.append(f"{one.state:<9}  {terminal_text(one.name):<{width}}  {_samples(one)}  ({one.why})\n")
        lines += [f"{'':<9}  {line}\n" for line in (_figures(one, project.store) if with_diversity else ())]
    click.echo("".join(lines), nl=False)
    if len(shown) < len(statuses):
        click.echo(f"… and {counted(len(statuses) - len(shown), 'leaf')} more: seedbed status --all")
        click.echo(_together(statuses))
    made = [one.stored[0].total for one in statuses if one.stored]
    if len(made) > 1:
        click.echo(f"in all, {counted(len(made), 'leaf')}: {funnel_line(total(made))}")
    counts = {state: sum(one.state is state for one in statuses) for state in LeafState}
    click.echo(
        ", ".join(
            f"{count} {state}" for state, count in counts.items() if count or state is not LeafState.REVOKED
        )
    )
    if fail_on_empty and not counts[LeafState.FRESH] and not counts[LeafState.REMOVED]:
        raise NothingToDoError("nothing changed since the latest release")


def _foremost(statuses: Sequence[LeafStatus]) -> list[LeafStatus]:
    """As many leaves as are shown, by name: what cannot be read, what is gone, what is fresh, what has no samples, and
    only then the others."""

    def place(one: LeafStatus) -> tuple[bool, bool, bool, bool, str]:
        readable = one.source is None or one.source.problem is None
        gone = one.state in (LeafState.REMOVED, LeafState.REVOKED)
        return readable, not gone, one.state is not LeafState.FRESH, bool(one.stored), one.name

    return sorted(nsmallest(SHOWN, statuses, key=place), key=lambda one: one.name)


def _together(statuses: Sequence[LeafStatus]) -> str:
    """Such as `1,200,000 samples (150,000 held out) of 100,000 leaves; 2 leaves without samples`."""
    made = [one.stored[0] for one in statuses if one.stored]
    samples, held_out = sum(one.samples for one in made), sum(one.held_out for one in made)
    line = f"{samples:,} samples ({held_out:,} held out) of {counted(len(made), 'leaf')}"
    present = [one.source for one in statuses if one.source is not None]
    unreadable = sum(source.problem is not None for source in present)
    without = len(present) - len(made) - unreadable
    rest = [f"{counted(without, 'leaf')} without samples"] if without else []
    rest += [f"{counted(unreadable, 'leaf')} that cannot be read"] if unreadable else []
    return f"{line}; {', '.join(rest)}" if rest else line


def _figures(one: LeafStatus, store: SampleStore) -> list[str]:
    """What the samples of a leaf that training would take look like together."""
    samples = [sample for key in one.sample_keys(store) for sample in store.read(key)]
    lines = [diversity_line(diversity(samples)), coverage_line(fact_coverage(samples))] if samples else []
    return [line for line in lines if line]


def _samples(one: LeafStatus) -> str:
    if one.source is not None and one.source.problem is not None:
        return f"cannot be read: {terminal_text(one.source.problem)}"
    if not one.stored and one.source is not None and not one.source.fetched:
        return "no samples; its documents are not fetched yet"
    if not one.stored:
        return "no samples" if one.state is not LeafState.REMOVED else "its samples are never replayed"
    made = one.stored[0]
    others = f" (+{len(one.stored) - 1} other makings)" if len(one.stored) > 1 else ""
    return f"{made.samples:,} samples{others}: {funnel_line(made.total)}"
