"""`seedbed sandbox build`: make the small offline teacher and base student anew."""

from __future__ import annotations

from pathlib import Path

import click

from seedbed.bundled_files import bundled_file
from seedbed.errors import MissingExtraError


@click.group()
def sandbox() -> None:
    """The small offline teacher and base student that come with Seedbed."""


@sandbox.command()
@click.option(
    "--role",
    type=click.Choice(["teacher", "student", "all"]),
    default="all",
    show_default=True,
    help="Which of the two models to make.",
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the models' folders go.  [default: training/sandbox of this checkout]",
)
@click.option(
    "--scratch",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".seedbed/sandbox"),
    show_default=True,
    help="Where checkpoints lie; the same command goes on from the last one.",
)
@click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True, help="CPU threads.")
def build(role: str, output: Path | None, scratch: Path, threads: int) -> None:
    """Train the sandbox models from scratch (about an hour each on one core) and measure them."""
    try:
        import torch

        from seedbed_training.sandbox.build import build as build_model
    except ImportError as error:
        raise MissingExtraError("seedbed sandbox", "train", error.name or "torch") from error
    torch.set_num_threads(threads)
    destination = output or bundled_file("training/sandbox")
    for name in ("teacher", "student") if role == "all" else (role,):
        accuracy = build_model(name, destination / name, scratch, report=click.echo)
        click.echo(
            f"{name}: {sum(accuracy.values()) / len(accuracy):.3f} right on average, in {destination / name}"
        )
