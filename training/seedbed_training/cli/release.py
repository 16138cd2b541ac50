"""`seedbed release`: the gate, then weights, tokenizer, model card and manifest."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

import click
from rich.console import Console

from seedbed.errors import ExitCode, UsageError
from seedbed.reports.escape import terminal_text
from seedbed_training.cli.options import begun_run, open_workspace, release_option
from seedbed_training.cli.progress import CountedProgress
from seedbed_training.evaluation.gate import Limits, passed_in_words
from seedbed_training.releasing.gguf import TYPES, find_converter, write_gguf
from seedbed_training.releasing.release import cut_release, run_outcomes
from seedbed_training.releasing.run_evaluation import run_evaluation
from seedbed_training.releasing.spoken_models import chosen_model
from seedbed_training.releasing.verify import notices, verify


@click.group(invoke_without_command=True)
@release_option
@click.option(
    "--maximum-drop",
    type=click.FloatRange(0, 1),
    help="How far an old leaf, and the mean over them, may fall below the parent release.  [default: seedbed.toml's]",
)
@click.option(
    "--minimum-score",
    type=click.FloatRange(0, 1),
    help="What each fresh leaf must reach.  [default: seedbed.toml's]",
)
@click.pass_context
def release(
    context: click.Context, release: str | None, maximum_drop: float | None, minimum_score: float | None
) -> None:
    """Pass the gate and write the release; exit 1 with every reason when the gate refuses it.

    Weights, tokenizer and model card go to `.seedbed/releases/NAME`, the manifest to `releases/NAME.json`, which is
    to be committed.
    """
    if context.invoked_subcommand is not None:
        if release is not None:
            raise UsageError(
                "--release stands before a subcommand",
                hint=f"seedbed release {context.invoked_subcommand} {release}",
            )
        return
    workspace = open_workspace()
    preparation = begun_run(workspace, release)
    with CountedProgress(Console(stderr=True)) as progress:
        evaluation = run_evaluation(workspace, preparation, progress=progress)
    usual = workspace.settings.evaluation
    limits = Limits(
        usual.maximum_drop if maximum_drop is None else maximum_drop,
        usual.minimum_score if minimum_score is None else minimum_score,
    )
    manifest = cut_release(workspace, preparation, evaluation, limits=limits)
    click.echo("the gate passes:")
    click.echo(textwrap.indent(passed_in_words(run_outcomes(preparation.plan, evaluation), limits), "  "))
    folder = workspace.release_directory(manifest.name)
    path = workspace.manifests / f"{manifest.name}.json"
    click.echo(
        f"released {manifest.name}: {folder}\nmodel card: {folder / 'README.md'}\nmanifest, to be committed: {path}"
    )


@release.command("verify")
@click.argument("names", nargs=-1, metavar="[RELEASE]…")
def verify_releases(names: tuple[str, ...]) -> None:
    """Recompute what a release is made of, and compare it with its manifest; all releases unless some are named.

    Digests come from the files, samples from the store, leaves, authors and licences from git. Exit 1 with every
    difference. What is none is said as a notice: a manifest that was never committed, a GGUF file, a leaf that was
    revoked since.
    """
    workspace = open_workspace()
    chosen = [workspace.release(name) for name in names] or workspace.releases() or [workspace.release()]
    differences = [
        f"{found.name}: {terminal_text(text)}" for found in chosen for text in verify(workspace, found)
    ]
    for text in (line for found in chosen for line in notices(workspace, found)):
        click.echo(f"notice: {terminal_text(text)}", err=True)
    click.echo("\n".join(differences) or f"as the manifest says: {', '.join(found.name for found in chosen)}")
    raise SystemExit(ExitCode.FINDINGS if differences else ExitCode.FINE)


@release.command("gguf")
@click.argument("name", required=False, metavar="[RELEASE]")
@click.option("--type", "outtype", type=click.Choice(TYPES), default="auto", show_default=True)
@click.option(
    "--converter",
    type=click.Path(dir_okay=False, path_type=Path),
    help="llama.cpp's convert_hf_to_gguf.py; LLAMA_CPP and the path are searched unless it is given.",
)
def gguf(name: str | None, outtype: str, converter: Path | None) -> None:
    """Write RELEASE (the latest) as GGUF into its folder, by llama.cpp's own converter."""
    model = chosen_model(open_workspace(), name)
    destination = model.folder / f"{model.name}-{outtype}.gguf"
    digest = write_gguf(model.folder, destination, find_converter(converter, os.environ), outtype=outtype)
    click.echo(f"{destination}\nsha256 {digest}")
