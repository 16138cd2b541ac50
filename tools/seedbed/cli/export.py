"""`seedbed export`: samples for other people's trainers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import click

from seedbed.cli.leaf_progress import watched_leaves
from seedbed.errors import UsageError
from seedbed.generation.across_leaves import Fallen
from seedbed.generation.audit_record import read_audits
from seedbed.generation.export import Export, LeafToExport, export_samples
from seedbed.generation.export_files import FORMS
from seedbed.generation.leaf_sources import LeafSource, read_attribution_beside, read_sources
from seedbed.generation.project import Project, check_leaf_names, open_project
from seedbed.generation.release_manifest import Role
from seedbed.generation.sample import Sample, Stage
from seedbed.generation.screen_samples import screen_samples
from seedbed.generation.status import LeafState, taxonomy_status
from seedbed.generation.store_files import open_store_files
from seedbed.reports.dataset_card import dataset_card
from seedbed.reports.funnel import left_out_line
from seedbed.reports.plural import counted


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(list(FORMS)), default="messages", show_default=True)
@click.option(
    "--leaf", "names", multiple=True, metavar="LEAF", help="Only this leaf; may be given several times."
)
@click.option("--stage", "stages", multiple=True, type=click.Choice([str(stage) for stage in Stage]))
@click.option("--release", metavar="NAME", help="The samples that a release was made of.")
@click.option("--revision", default="HEAD", show_default=True, help="The commit whose leaves are exported.")
@click.option("--store", metavar="PATH|URL", help="Sample store, in place of the one in seedbed.toml.")
def export(
    folder: Path,
    form: str,
    names: Sequence[str],
    stages: Sequence[str],
    release: str | None,
    revision: str,
    store: str | None,
) -> None:
    """Write stored samples into FOLDER, which must be new or empty, with a card that says where they come from.

    messages: train.jsonl and held_out.jsonl for TRL, axolotl and InstructLab training. huggingface: a data set folder
    that `datasets.load_dataset` opens. Equal samples give equal bytes.
    """
    project = open_project(Path.cwd(), store=store, reading=True)
    commit, leaves = _of_release(project, release) if release else _of_commit(project, revision)
    check_leaf_names(names, {leaf.name for leaf in leaves})
    picked = [leaf for leaf in leaves if not names or leaf.name in names]
    wanted = [Stage(stage) for stage in stages] or list(Stage)
    audits = read_audits(open_store_files(project.store.url))

    with watched_leaves() as watch:

        def screen(samples: Iterable[Sample]) -> Mapping[str, Fallen]:
            repository, settings = project.repository, project.settings
            return screen_samples(repository, settings, samples, commit=commit, watch=watch).fallen

        made = export_samples(
            project.store,
            picked,
            folder,
            form=form,
            card=lambda export, digest: dataset_card(
                export, digest, parquet=form == "huggingface", audits=audits
            ),
            commit=commit,
            release=release,
            stages=wanted,
            screen=screen,
            benchmarks=project.settings.check.benchmarks,
            watch=watch,
        )
    click.echo(_said(made, folder))


def _of_commit(project: Project, revision: str) -> tuple[str, list[LeafToExport]]:
    commit = project.repository.resolve(revision)
    statuses = taxonomy_status(
        project.repository,
        commit=commit,
        taxonomy_root=project.settings.taxonomy.root,
        releases=project.releases,
        revocations=project.revocations,
        store=project.store,
        recipe_digest=project.recipe(None, None).digest,
    )
    keys = {
        status.name: status.sample_keys(project.store)
        for status in statuses
        if status.source is not None and status.state is not LeafState.REVOKED
    }
    return commit, _leaves(project, commit, keys)


def _of_release(project: Project, name: str) -> tuple[str, list[LeafToExport]]:
    manifest = next((one for one in project.releases if one.name == name), None)
    if manifest is None:
        known = ", ".join(one.name for one in project.releases) or "none"
        raise UsageError(f"there is no release {name!r}", hint=f"releases here: {known}")
    commit = project.repository.resolve(manifest.taxonomy_commit)
    keys = {record.name: record.sample_keys for record in manifest.leaves if record.role is not Role.DROPPED}
    return commit, _leaves(project, commit, keys)


def _leaves(project: Project, commit: str, keys: Mapping[str, tuple[str, ...]]) -> list[LeafToExport]:
    sources = read_sources(
        project.repository,
        commit=commit,
        taxonomy_root=project.settings.taxonomy.root,
        names=keys,
        fetch=False,
    )
    return [_leaf(project, commit, source, keys[source.name]) for source in sources]


def _leaf(project: Project, commit: str, source: LeafSource, keys: tuple[str, ...]) -> LeafToExport:
    created_by = source.leaf.created_by if source.leaf else ""
    return LeafToExport(
        source.name,
        source.blob,
        keys,
        created_by,
        read_attribution_beside(project.repository, commit, source.path),
    )


def _said(made: Export, folder: Path) -> str:
    train, held_out = counted(made.count(held_out=False), "sample"), made.count(held_out=True)
    said = f"{train} to train on and {held_out:,} held out, of {counted(len(made.leaves), 'leaf')}, written to {folder}"
    return f"{said}; left out: {left_out_line(made.left_out)}" if made.left_out else said
