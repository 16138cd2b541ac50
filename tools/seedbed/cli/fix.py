"""`seedbed fix`: what findings know how to mend, mended."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping

import click

from seedbed.checking.fix import FixReport, plan_fixes, write_fixes
from seedbed.cli.options import (
    base_option,
    config_option,
    counter,
    every_option,
    find_base_of,
    open_repository,
    repository_paths,
    write_out,
)
from seedbed.config import Settings
from seedbed.errors import ExitCode, UsageError
from seedbed.reports.escape import terminal_text
from seedbed.taxonomy.changes import Base
from seedbed.taxonomy.repository import Repository


@click.command(short_help="Mend what has a certain fix.")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path())
@every_option("Fix every leaf of the taxonomy.")
@base_option
@click.option("--unsafe", is_flag=True, help="Also make fixes that may change what the author meant.")
@click.option(
    "--upgrade",
    is_flag=True,
    help="Also make leaves of version 1 or 2 version 3, where content allows; with --unsafe, knowledge "
    "leaves as drafts with a TODO for each passage.",
)
@click.option(
    "--diff", "only_diff", is_flag=True, help="Print what would change; write nothing; exit 1 if anything."
)
@config_option
def fix(
    paths: tuple[str, ...],
    every: bool,
    base: str | None,
    unsafe: bool,
    upgrade: bool,
    only_diff: bool,
    config: str | None,
) -> int:
    """Fix the leaves that this branch and working tree change.

    With a PATH, fix the leaves at or under it, changed or not. Only the places that findings point at change; comments,
    order, quoting and line ends elsewhere stay byte for byte. `git diff` shows what was done.
    """
    repository, settings = open_repository(config)
    refuse_bare(repository)
    found = None if every or paths else find_base_of(repository, settings, base=base, head=None)
    report = plan_fixes(
        repository,
        settings,
        base=found,
        paths=repository_paths(repository, paths),
        unsafe=unsafe,
        upgrade_versions=upgrade,
        progress=counter(),
    )
    if only_diff:
        _print_diff(report)
    else:
        for file in write_fixes(repository, report):
            click.echo(f"fixed {terminal_text(file.path)}: {_counted(file.codes)}")
    _summarise(report, only_diff)
    return ExitCode.FINDINGS if only_diff and report.files else ExitCode.FINE


def refuse_bare(repository: Repository) -> None:
    """Raises UsageError where there is no working tree to write to."""
    if repository.is_bare:
        raise UsageError(
            f"{repository.root} is a bare repository, without files to fix", hint="run it in a checkout"
        )


def fix_before_check(
    repository: Repository, settings: Settings, *, base: Base | None, paths: tuple[str, ...]
) -> None:
    """Write the safe fixes of what is about to be checked, and say so on standard error."""
    refuse_bare(repository)
    report = plan_fixes(repository, settings, base=base, paths=paths, progress=counter())
    for file in write_fixes(repository, report):
        click.echo(f"fixed {terminal_text(file.path)}: {_counted(file.codes)}", err=True)


def _print_diff(report: FixReport) -> None:
    from seedbed.reports.file_diff import shown_diff, unified_diff

    text = "".join(unified_diff(file.path, file.before, file.after) for file in report.files)
    if sys.stdout.isatty():
        text = shown_diff(text, colour="NO_COLOR" not in os.environ)
    if text and os.environ.get("GITHUB_ACTIONS") == "true":  # a leaf's line may look like a workflow command
        token = secrets.token_hex(16)
        text = f"::stop-commands::{token}\n{shown_diff(text)}::{token}::\n"
    write_out(text)


def _counted(codes: Mapping[str, int]) -> str:
    return ", ".join(
        code if count == 1 else f"{code} ({count} times)" for code, count in sorted(codes.items())
    )


def _summarise(report: FixReport, only_diff: bool) -> None:
    for path, reason in report.not_upgraded:
        click.echo(f"{terminal_text(path)} {terminal_text(reason)}", err=True)
    fixes = sum(sum(file.codes.values()) for file in report.files)
    verb = "would be made" if only_diff else "made"
    parts = [f"{_plural(report.leaves, 'leaf', 'leaves')} looked at"]
    parts.append(
        f"{_plural(fixes, 'fix', 'fixes')} {verb} in {_plural(len(report.files), 'file', 'files')}"
        if fixes
        else "nothing to fix"
    )
    left = sum(report.unsafe_left.values())
    if left:
        parts.append(f"{left} more with --unsafe (look at them first: add --diff)")
    click.echo("; ".join(parts), err=only_diff)


def _plural(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
