"""`seedbed revoke`: no release learns a leaf again, and every release that learned it is named."""

from __future__ import annotations

import click

from seedbed.errors import UsageError
from seedbed.generation.revocation import FOLDER, read_revocations
from seedbed.reports.plural import counted
from seedbed_training.cli.options import open_workspace
from seedbed_training.releasing.revocations import revoke as revoke_leaf
from seedbed_training.releasing.workspace import Workspace


@click.command()
@click.argument("leaf", required=False)
@click.option("--reason", help="Why, in a sentence; written into the file that you commit.")
def revoke(leaf: str | None, reason: str | None) -> None:
    """Revoke LEAF: no plan has it again, fresh or replayed, under its name or with a text it ever had.

    Writes a file under `releases/revocations/` for you to commit; removing that file takes the revocation back. Names every
    release that learned the leaf, and what to do about it. Without LEAF, lists what is revoked.
    """
    workspace = open_workspace()
    if leaf is None:
        _list(workspace)
        return
    if not reason or not reason.strip():
        raise UsageError(
            "a revocation needs its reason", hint=f'seedbed revoke {leaf} --reason "withdrawn by its author"'
        )
    revocation, traces = revoke_leaf(workspace, leaf.strip("/"), reason=reason.strip())
    path = f"{workspace.settings.releases.path}/{FOLDER}/{revocation.file_name}"
    click.echo(f"{revocation.leaf} is revoked: {path}\n  commit it; from then on no plan has the leaf")
    if not traces:
        click.echo("no release has learned it")
        return
    click.echo(f"\nLearned by, or by what they come from: {counted(len(traces), 'release')}")
    width = max(len(trace.release) for trace in traces)
    for trace in traces:
        samples = f", {counted(trace.samples, 'sample')}" if trace.learned else ""
        click.echo(f"  {trace.release.ljust(width)}  {trace.how}{samples}")
    click.echo(_advice(workspace, [trace.release for trace in traces]))


def _advice(workspace: Workspace, tainted: list[str]) -> str:
    clean = [release.name for release in workspace.releases() if release.name not in tainted]
    start = f"from {clean[-1]}, the last release before it" if clean else "from the base model"
    files = " ".join(f"{workspace.settings.releases.path}/{name}.json" for name in tainted)
    return (
        "\nThe next release replays it no more, but weights keep what they have learned. To be rid of it for certain:\n"
        "  1. stop serving the releases above\n"
        f"  2. git rm {files}\n"
        f"  3. seedbed train, which then starts {start}, and teaches every other leaf since again"
    )


def _list(workspace: Workspace) -> None:
    revocations = read_revocations(workspace.manifests)
    if not revocations:
        click.echo("no leaf is revoked")
    for each in revocations:
        learned = f" (learned by {', '.join(each.releases)})" if each.releases else ""
        click.echo(f"{each.leaf}: {each.reason}{learned}")
