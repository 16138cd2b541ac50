"""Options and steps that the training commands share."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from seedbed.errors import MissingExtraError, NothingToDoError, UsageError
from seedbed.reports.plural import counted
from seedbed_training.planning.plan_file import read_plan
from seedbed_training.planning.read_recipe import load_recipe
from seedbed_training.releasing.prepare_plan import Preparation, open_preparation, prepare_plan
from seedbed_training.releasing.run_training import PLAN_FILE
from seedbed_training.releasing.workspace import Workspace

_SHOWN = 5  # leaves named before the rest is counted

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

release_option: Decorator = click.option(
    "--release", "release", metavar="NAME", help="Name of the release.  [default: the next release-N]"
)


def planning_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What a plan is made from: `--recipe`, `--release`, `--seed`, `--replay/--no-replay`."""
    options: tuple[Decorator, ...] = (
        click.option(
            "--recipe",
            metavar="NAME|PATH",
            help="Training recipe: one that ships with Seedbed, or a YAML file.  [default: seedbed.toml's]",
        ),
        release_option,
        click.option(
            "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of every draw."
        ),
        click.option(
            "--replay/--no-replay",
            default=True,
            show_default=True,
            help="Bring back samples of unchanged leaves; without, expect forgetting.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def prepare(
    workspace: Workspace, *, recipe: str | None, release: str | None, seed: int, replay: bool
) -> Preparation:
    """Plan anew, and say which leaves and samples stay outside."""
    chosen = load_recipe(recipe or workspace.settings.training.recipe)
    preparation = prepare_plan(workspace, recipe=chosen, release=release, seed=seed, replay=replay)
    for line in waiting(preparation):
        click.echo(line, err=True)
    for line in outside(preparation):
        click.echo(line, err=True)
    if preparation.disputed:
        click.echo(
            f"{preparation.disputed} samples ask what another leaf answers otherwise; both are trained on",
            err=True,
        )
    return preparation


def outside(preparation: Preparation) -> Iterator[str]:
    """Which samples of which leaves no plan has, a line each for the leaves that lose most, and one for all others."""
    long = dict(preparation.too_long or {})
    yield from _most(
        {
            leaf: f"{counted(count, 'sample')} longer than the recipe's max_tokens"
            for leaf, count in long.items()
        },
        long,
    )
    reasons = preparation.left_out or {}
    yield from _most(
        {
            leaf: ", ".join(f"{count} {reason}" for reason, count in found.items())
            for leaf, found in reasons.items()
        },
        {leaf: sum(found.values()) for leaf, found in reasons.items()},
    )
    for entry in preparation.not_trainable[:_SHOWN]:
        yield f"{entry.leaf}: left out of training: sample {entry.id}: {entry.reason}"
    if rest := preparation.not_trainable[_SHOWN:]:
        yield f"and {counted(len(rest), 'more sample')}: left out of training for such reasons"


def _most(told: Mapping[str, str], lost: Mapping[str, int]) -> Iterator[str]:
    most = sorted(told, key=lambda leaf: (-lost[leaf], leaf))
    for leaf in most[:_SHOWN]:
        yield f"{leaf}: left out of training: {told[leaf]}"
    if rest := most[_SHOWN:]:
        samples = counted(sum(lost[leaf] for leaf in rest), "sample")
        yield f"and {counted(len(rest), 'more leaf', 'more leaves')}: left out of training: {samples} in all"


def nothing_to_do(preparation: Preparation, *, fail_on_empty: bool) -> bool:
    """Whether the plan has no step; says so, and raises NothingToDoError if that is to fail."""
    if any(phase.steps for phase in preparation.plan.phases):
        return False
    message = (
        f"nothing to train: every leaf with samples is in {preparation.plan.parent or 'no release'} already"
    )
    if not preparation.plan.blobs:
        message = "nothing to train: no leaf has samples yet"
    hint = "seedbed status shows each leaf; seedbed generate makes samples"
    if fail_on_empty:
        raise NothingToDoError(message, hint=hint)
    click.echo(f"{message}\n  {hint}")
    return True


@contextmanager
def needing_torch(what: str) -> Iterator[None]:
    """Around the imports that bring torch: raises MissingExtraError, with what it is needed for, where it is missing."""
    try:
        yield
    except ImportError as error:
        raise MissingExtraError(what, "train", "torch with transformers") from error


def begun_run(workspace: Workspace, release: str | None) -> Preparation:
    """The run of `release`, as its folder has it; without a name the next release's. Raises UsageError if none is there."""
    name = release or workspace.next_release()
    path = workspace.run_directory(name) / PLAN_FILE
    if not path.is_file():
        runs = _runs(workspace)
        raise UsageError(
            f"there is no run of {name} in {path.parent}",
            hint=f"seedbed train --release {name}"
            + (f", or --release with one of: {', '.join(runs)}" if runs else ""),
        )
    return open_preparation(workspace, read_plan(path))


def table_width() -> int:
    """Columns of the terminal, 80 at least; 100 where the output is no terminal."""
    return max(80, shutil.get_terminal_size((100, 24)).columns)


def open_workspace() -> Workspace:
    """The workspace around the current folder."""
    return Workspace.open(Path.cwd())


def waiting(preparation: Preparation) -> Iterator[str]:
    """The leaves that have no samples: those that a release has learned otherwise, which would be forgotten, first."""
    plan = preparation.plan
    forgotten = {*plan.waiting}
    for what, leaves in (
        (
            f"edited since {plan.parent}, with no samples of the new text, so this release forgets",
            plan.waiting,
        ),
        (
            "no samples yet, so not in this release",
            [leaf for leaf in preparation.waiting if leaf not in forgotten],
        ),
    ):
        if leaves:
            more = f" and {len(leaves) - _SHOWN:,} more" if len(leaves) > _SHOWN else ""
            yield f"{what}: {', '.join(leaves[:_SHOWN])}{more}\n  seedbed generate makes them, seedbed status lists them"


def _runs(workspace: Workspace) -> list[str]:
    return sorted(path.parent.name for path in (workspace.state / "runs").glob(f"*/{PLAN_FILE}"))
