"""`seedbed release`: the gate, then weights, tokenizer, model card and manifest."""

from __future__ import annotations

import textwrap

import click
from rich.console import Console

from seedbed.errors import ExitCode, UsageError
from seedbed_training.cli.options import begun_run, open_workspace, release_option
from seedbed_training.cli.progress import CountedProgress
from seedbed_training.evaluation.gate import Limits, passed_in_words
from seedbed_training.releasing.release import cut_release, run_outcomes
from seedbed_training.releasing.run_evaluation import run_evaluation
from seedbed_training.releasing.verify import verify

_DEFAULTS = Limits()


@click.command()
@release_option
@click.option(
    "--maximum-drop",
    type=click.FloatRange(0, 1),
    default=_DEFAULTS.maximum_drop,
    show_default=True,
    help="How far an old leaf, and the mean over them, may fall below the parent release.",
)
@click.option(
    "--minimum-score",
    type=click.FloatRange(0, 1),
    default=_DEFAULTS.minimum_score,
    show_default=True,
    help="What each fresh leaf must reach.",
)
@click.option(
    "--verify", "only_verify", is_flag=True, help="Check an existing release against its manifest instead."
)
def release(release: str | None, maximum_drop: float, minimum_score: float, only_verify: bool) -> None:
    """Pass the gate and write the release; exit 1 with every reason when the gate refuses it.

    Weights, tokenizer and model card go to `.seedbed/releases/NAME`, the manifest to `releases/NAME.json`, which is
    to be committed.
    """
    workspace = open_workspace()
    if only_verify:
        known = workspace.releases()
        chosen = [manifest for manifest in known if release in (None, manifest.name)]
        if not chosen:
            raise UsageError(
                f"there is no release {release or ''}".rstrip(), hint=f"see {workspace.manifests}"
            )
        differences = [f"{found.name}: {text}" for found in chosen for text in verify(workspace, found)]
        click.echo(
            "\n".join(differences) or f"as the manifest says: {', '.join(found.name for found in chosen)}"
        )
        raise SystemExit(ExitCode.FINDINGS if differences else ExitCode.FINE)
    preparation = begun_run(workspace, release)
    with CountedProgress(Console(stderr=True)) as progress:
        evaluation = run_evaluation(workspace, preparation, progress=progress)
    limits = Limits(maximum_drop, minimum_score)
    manifest = cut_release(workspace, preparation, evaluation, limits=limits)
    click.echo("the gate passes:")
    click.echo(textwrap.indent(passed_in_words(run_outcomes(preparation.plan, evaluation), limits), "  "))
    folder = workspace.release_directory(manifest.name)
    path = workspace.manifests / f"{manifest.name}.json"
    click.echo(
        f"released {manifest.name}: {folder}\nmodel card: {folder / 'README.md'}\nmanifest, to be committed: {path}"
    )
