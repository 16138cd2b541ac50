"""`seedbed check`: options → the use case → a report → an exit code."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import click

from seedbed.checking.author import author_of_change, head_of_change
from seedbed.checking.check import check as run_check
from seedbed.checking.report import CheckReport
from seedbed.cli.options import (
    base_option,
    config_option,
    counter,
    every_option,
    fail_on_empty_option,
    find_base_of,
    head_option,
    open_repository,
    repository_paths,
    write_file,
    write_out,
)
from seedbed.cli.terminal import width_of
from seedbed.errors import ExitCode, NothingToDoError, UsageError
from seedbed.reports.escape import terminal_text
from seedbed.reports.findings import REPORTS


@click.command(short_help="Check the leaves that this branch changes.")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path())
@every_option("Check every leaf; nothing is compared, every error fails.")
@base_option
@head_option
@click.option(
    "--format",
    "form",
    type=click.Choice(("auto", *REPORTS)),
    default="auto",
    show_default=True,
    help="auto is text, inside GitHub Actions with annotations.",
    metavar="FORMAT",
)
@click.option("--fix", "fix_too", is_flag=True, help="First make every safe fix, as `seedbed fix` does.")
@click.option(
    "--report",
    "report_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Also leave a report for `seedbed publish`.",
)
@config_option
@fail_on_empty_option
def check(
    paths: tuple[str, ...],
    every: bool,
    base: str | None,
    head: str | None,
    form: str,
    fix_too: bool,
    report_file: Path | None,
    config: str | None,
    fail_on_empty: bool,
) -> int:
    """Check the leaves that this branch and working tree change.

    With a PATH, check the leaves at or under it, changed or not. Only errors that the change introduces fail (exit 1);
    what was there before is shown and does not.

    FORMAT is auto, text, concise, markdown, github, json, jsonl, sarif, gitlab, junit or rdjson.
    """
    if every and base is not None:
        raise UsageError(
            "--all compares with nothing, so --base has no meaning", hint="leave one of them out"
        )
    if fix_too and head is not None:
        raise UsageError(f"--fix writes to files, and {head} is a commit", hint="leave out --head or --fix")
    repository, settings = open_repository(config)
    commit = None if head is None else repository.resolve(head)
    found = None if every else find_base_of(repository, settings, base=base, head=commit)
    where = repository_paths(repository, paths)
    if fix_too:
        from seedbed.cli.fix import fix_before_check

        fix_before_check(repository, settings, base=found, paths=where)
    report = run_check(
        repository,
        settings,
        base=found,
        head=commit,
        paths=where,
        progress=counter(),
        author=author_of_change(os.environ),
        policy_from_base=config is None,
    )
    if report_file is not None:
        from seedbed.forge.make_report import make_report
        from seedbed.forge.report_file import write_report

        left = make_report(
            repository, report, taxonomy_root=settings.taxonomy.root, head=head_of_change(os.environ)
        )
        write_file(report_file, write_report(left))
    form = _chosen(form)
    _announce(report, to_stderr=form not in ("text", "github"))
    _print(report, form, report.documentation_url, _local_command(report, head, paths, every))
    if not report.leaves and fail_on_empty:
        raise NothingToDoError("no leaf was there to check", hint="leave out --fail-on-empty if that is fine")
    return ExitCode.FINDINGS if report.failed else ExitCode.FINE


def _chosen(form: str) -> str:
    if form != "auto":
        return form
    return "github" if os.environ.get("GITHUB_ACTIONS") == "true" else "text"


def _announce(report: CheckReport, *, to_stderr: bool) -> None:
    """Which commits are compared, in full, and how the base was found."""
    checking = f"Checking {report.head or 'the working tree'}"
    rung = terminal_text(report.rung)
    if report.base is None:
        lines = [f"{checking}: {rung}"]
    elif report.head is None:
        lines = [f"{checking} against {report.base}", f"  ({rung})"]
    else:
        lines = [checking, f" against {report.base}", f"  ({rung})"]
    click.echo("\n".join(lines), err=to_stderr)


def _print(report: CheckReport, form: str, documentation_url: str | None, local_command: str) -> None:
    if form in ("text", "github"):
        from seedbed.reports.text import findings_text

        colour = form == "text" and sys.stdout.isatty() and "NO_COLOR" not in os.environ
        click.echo()
        write_out(
            findings_text(
                report,
                colour=colour,
                local_command=local_command if form == "github" else None,
                documentation_url=documentation_url,
                width=width_of(sys.stdout) if form == "text" else None,
            )
        )
    if form != "text":
        write_out(REPORTS[form](report, documentation_url=documentation_url))


def _local_command(report: CheckReport, head: str | None, paths: tuple[str, ...], every: bool) -> str:
    """What to type to see the same on another machine: the base is named, since CI found it in its own way."""
    parts = ["seedbed", "check", *map(terminal_text, paths)]
    parts += ["--all"] if every else ["--base", report.base or ""]
    parts += [] if head is None else ["--head", report.head or head]
    return shlex.join(parts)
