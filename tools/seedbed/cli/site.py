"""`seedbed site`: the taxonomy as pages."""

from __future__ import annotations

from pathlib import Path

import click

from seedbed.cli.leaf_progress import watched_leaves
from seedbed.generation.project import open_project
from seedbed.reports.escape import terminal_text
from seedbed.reports.plural import counted
from seedbed.site.build import BuiltSite, build_site


@click.command()
@click.option(
    "--output",
    "folder",
    required=True,
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Where to write: a new or empty folder, or an earlier site, which is replaced.",
)
@click.option("--revision", default="HEAD", show_default=True, help="The commit whose leaves are shown.")
@click.option("--store", metavar="PATH|URL", help="Sample store, in place of the one in seedbed.toml.")
@click.option(
    "--samples",
    type=click.IntRange(0),
    default=6,
    show_default=True,
    help="Show so many samples of each stage of a leaf. With 0 no samples are read.",
)
@click.option("--title", default="Taxonomy", show_default=True, help="What the site is called.")
def site(folder: Path, revision: str, store: str | None, samples: int, title: str) -> None:
    """Write the taxonomy as static pages: every leaf with seeds, documents, authors, licence, samples and releases.

    The folder needs no server: open index.html in a browser. It is written whole or not at all; equal commits, stores
    and releases give equal bytes. Samples that are held out are counted, never shown.
    """
    project = open_project(Path.cwd(), store=store, reading=True)
    with watched_leaves() as watch:
        built = build_site(project, folder, revision=revision, title=title, samples=samples, watch=watch)
    click.echo(_said(built, folder))
    if built.undated:
        click.echo(
            f"warning: this clone is shallow, and does not show who wrote {counted(built.undated, 'leaf')}, and when; "
            "git fetch --unshallow",
            err=True,
        )
    for name in built.unread_samples:
        click.echo(
            f"warning: the samples of {terminal_text(name)} cannot be read; its page says why", err=True
        )


def _said(built: BuiltSite, folder: Path) -> str:
    size = f"{counted(built.leaves, 'leaf')}, {counted(built.files, 'file')}, {built.bytes / 1e6:.1f} MB"
    return (
        f"{size}, written to {terminal_text(str(folder))}; open {terminal_text(str(folder / 'index.html'))}"
    )
