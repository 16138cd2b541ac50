"""`seedbed demo`: all of it on a laptop, with the small offline models."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-out"),
    show_default=True,
    help="Where it plays; made anew at each run.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of everything random."
)
def demo(out: Path, seed: int) -> None:
    """From a pull request to a released model, in minutes, on this machine.

    Makes a scratch repository with six leaves and a first release; opens a pull request with a broken leaf and three
    good ones; checks, previews and merges it; generates samples for the new leaves alone; and trains the second
    release twice, with replay and without, to show what replay is for.
    """
    from seedbed_training.demo.result import result_table
    from seedbed_training.demo.story import tell

    def say(line: str) -> None:
        title = line.startswith("# ")
        click.secho(("\n" if title else "") + line, fg="cyan" if title else None, bold=True)

    result = tell(out, seed=seed, say=say)
    path = out / "result.json"
    path.write_text(result.to_json(), encoding="utf-8")
    say("# Scores on held-out cases")
    click.echo(result_table(result))
    released = out / "repository" / ".seedbed" / "releases" / "release-2"
    say("# To open")
    for what, where in (
        ("model card of release 2", released / "README.md"),
        ("preview of the pull request", out / "preview.md"),
        ("every figure above", path),
        ("the scratch repository", out / "repository"),
    ):
        click.echo(f"{what + ':':30}{where}")
    share, minutes = result.replay_token_share, result.seconds / 60
    click.echo(
        f"Replay was {share:.0%} of the second release's tokens. All of it took {minutes:.1f} minutes."
    )
