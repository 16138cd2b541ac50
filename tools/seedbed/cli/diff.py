"""`seedbed diff`: what a branch changes, leaf by leaf and seed by seed."""

from __future__ import annotations

import os
import sys

import click

from seedbed.cli.options import (
    base_option,
    config_option,
    fail_on_empty_option,
    find_base_of,
    head_option,
    open_repository,
    repository_paths,
    write_out,
)
from seedbed.errors import ExitCode, NothingToDoError
from seedbed.reports.leaf_differences import ComparedLeaf, differences_json, differences_text
from seedbed.taxonomy.changes import LeafChange, changed_leaves
from seedbed.taxonomy.compare_leaves import compare_leaves
from seedbed.taxonomy.leaf import LeafFile
from seedbed.taxonomy.read_leaf import MAXIMUM_BYTES, read_leaf
from seedbed.taxonomy.repository import Repository


@click.command(short_help="Compare leaves with the base, seed by seed.")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path())
@base_option
@head_option
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)
@config_option
@fail_on_empty_option
def diff(
    paths: tuple[str, ...],
    base: str | None,
    head: str | None,
    form: str,
    config: str | None,
    fail_on_empty: bool,
) -> int:
    """Show what this branch and working tree change, leaf by leaf, seed by seed, word by word.

    With a PATH, only leaves at or under it. Moved and reordered seeds that are otherwise the same are no difference.
    """
    repository, settings = open_repository(config)
    commit = None if head is None else repository.resolve(head)
    found = find_base_of(repository, settings, base=base, head=commit)
    changes = changed_leaves(
        repository, base=found.base, head=found.head, taxonomy_root=settings.taxonomy.root
    )
    wanted = repository_paths(repository, paths)
    chosen = [change for change in changes if not wanted or any(_covers(path, change) for path in wanted)]
    leaves = [
        ComparedLeaf(
            change,
            compare_leaves(
                _leaf(repository, change.old_path, found.base, change),
                None if change.blob is None else _leaf(repository, change.path, found.head, change),
            ),
        )
        for change in chosen
    ]
    if form == "json":
        sys.stdout.write(differences_json(found, leaves))
    else:
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        write_out(differences_text(found, leaves, colour=colour))
    if not leaves and fail_on_empty:
        raise NothingToDoError("no leaf differs", hint="leave out --fail-on-empty if that is fine")
    return ExitCode.FINE


def _covers(wanted: str, change: LeafChange) -> bool:
    """Whether one of the leaf's two paths is `wanted`, or lies under it; a file beside the leaf means the leaf."""
    for path in filter(None, (change.path, change.old_path)):
        folder = path.rpartition("/")[0]
        if wanted in (".", path) or path.startswith(f"{wanted}/") or wanted.startswith(f"{folder}/"):
            return True
    return False


def _leaf(
    repository: Repository, path: str | None, commit: str | None, change: LeafChange
) -> LeafFile | None:
    """The leaf at `path`; what is no plain file or too large reads as one without content."""
    if path is None:
        return None
    file = next((file for file in repository.files(commit, path) if file.path == path), None)
    if file is None or not file.is_regular or not 0 <= file.size <= MAXIMUM_BYTES:
        return LeafFile(path, change.name, "", text="")
    raw = repository.read(file, commit=commit, limit=MAXIMUM_BYTES)
    return read_leaf(raw, path=path, name=change.name, blob=file.blob)
