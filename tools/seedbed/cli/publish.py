"""`seedbed publish`: tells a pull request how its check went, or shows it a preview."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import click

from seedbed.cli.options import write_out
from seedbed.errors import ConfigurationError, ExitCode, UsageError
from seedbed.forge.actions import actions_of, describe
from seedbed.forge.check_report import CheckReportFile
from seedbed.forge.code_owners import CodeOwners
from seedbed.forge.event import Event, read_event
from seedbed.forge.facts import CheckRun, Facts, PreviewRun
from seedbed.forge.github_api import GitHub
from seedbed.forge.report_file import read_report_file
from seedbed.reports.escape import terminal_text

_OWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")


@click.command(short_help="Tell a pull request how its check went.")
@click.option(
    "--report", metavar="FILE", type=click.Path(path_type=Path), help="What `seedbed check --report` left."
)
@click.option(
    "--preview",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="What `seedbed preview --format json` made; a file that is missing says that it could not.",
)
@click.option(
    "--event",
    metavar="FILE",
    type=click.Path(path_type=Path),
    envvar="GITHUB_EVENT_PATH",
    help="The event, as the forge wrote it.  [default: $GITHUB_EVENT_PATH]",
)
@click.option(
    "--login",
    default="github-actions[bot]",
    show_default=True,
    help="Whose comment is ours.",
)
@click.option("--dry-run", is_flag=True, help="Read, and print what would be done.")
def publish(report: Path | None, preview: Path | None, event: Path | None, login: str, dry_run: bool) -> int:
    """Write one comment on the pull request, or edit it; set labels; assign the owners of the changed leaves.

    The report is a stranger's: nothing in it chooses the pull request, runs, or is shown as more than text. Token and
    repository come from the environment: GITHUB_TOKEN, GITHUB_REPOSITORY, GITHUB_API_URL.
    """
    if (report is None) == (preview is None) or event is None:
        raise UsageError(
            "name the event and either a report or a preview",
            hint="seedbed publish --event FILE --report FILE",
        )
    happened = read_event(event, run_url=_run_url())
    if happened is None:
        click.echo("No pull request started that run: nothing to do.")
        return ExitCode.FINE
    forge = GitHub(
        os.environ.get("GITHUB_API_URL") or "https://api.github.com",
        _required("GITHUB_REPOSITORY"),
        _required("GITHUB_TOKEN"),
    )
    run = _check_run(happened, report) if report else _preview_run(happened, preview or Path())
    owners = _owners(run.report) if isinstance(run, CheckRun) and run.report else ()
    numbers = happened.numbers or forge.open_numbers(happened.owner, happened.branch)
    spoken = False
    for number in numbers:
        pull_request = forge.pull_request(number)
        facts = Facts(pull_request, datetime.now(UTC), run, owners, forge.own_comment(number, login))
        actions = actions_of(facts)
        spoken = spoken or pull_request.head == run.head
        click.echo(f"Pull request {number}, commit {run.head}:")
        write_out(describe(actions))
        for action in () if dry_run else actions:
            forge.perform(number, action, login=login)
    if not spoken:
        click.echo(
            f"No open pull request has {run.head} as its last commit: a newer one is checked by itself."
        )
    return ExitCode.FINE


def _check_run(event: Event, path: Path) -> CheckRun:
    """The run with its report, or with why there is none; never fails, since a maintainer should hear of it."""
    report: CheckReportFile | None = None
    try:
        report = read_report_file(path)
        problem = None
        if report.head != event.head:
            report, problem = None, "its report speaks of another commit"
    except UsageError as error:
        problem = terminal_text(error.message)
    return CheckRun(event.head, event.conclusion, event.url, report, problem)


def _preview_run(event: Event, path: Path) -> PreviewRun:
    """The preview, or with why there is none; never fails, since the contributor should hear of it."""
    from seedbed.forge.preview_file import read_preview_file

    try:
        preview = read_preview_file(path)
    except UsageError as error:
        return PreviewRun(event.head, event.url, None, terminal_text(error.message))
    if preview.head != event.head:
        return PreviewRun(event.head, event.url, None, "what it left speaks of another commit")
    return PreviewRun(event.head, event.url, preview)


def _owners(report: CheckReportFile) -> tuple[str, ...]:
    """People of the CODEOWNERS here, in the checkout of the base."""
    file = next((path for path in map(Path, _OWNERS) if path.is_file()), None)
    if file is None:
        return ()
    rules = CodeOwners.read(file.read_text(encoding="utf-8", errors="replace"))
    return rules.people(leaf.path for leaf in report.leaves)


def _required(name: str) -> str:
    value = os.environ.get(name, "")
    if not value or (name == "GITHUB_REPOSITORY" and not re.fullmatch(r"[\w.-]+/[\w.-]+", value)):
        raise ConfigurationError(
            f"the environment variable {name} is not set, or not as it should be",
            hint="export GITHUB_REPOSITORY=owner/name and GITHUB_TOKEN; the forge sets both for its runners",
        )
    return value


def _run_url() -> str:
    server, repository, run = (
        os.environ.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    )
    return f"{server}/{repository}/actions/runs/{run}"
