"""`seedbed publish`: tells a pull request where it stands, shows it a preview, or tends those on which nothing happens.

What a workflow runs, always in a checkout of the base and never of the pull request:

    workflow_run of the check     seedbed publish --report report.json   comment, labels, assignees
    workflow_run of a workflow    seedbed publish                        who acts next, after a review; such a workflow
      on pull_request_review                                             does nothing, since a fork's has no token
    pull_request_target: opened,  seedbed publish                        who acts next; a push ends the consent to a
      synchronize, reopened, closed, ready_for_review,                   preview and marks the shown one as stale
      converted_to_draft
    after a preview was made      seedbed publish --preview preview.json
    once a day                    seedbed publish --idle                 reminders, and an end, by [pull_requests]
                                  seedbed publish --labels               labels that the repository lacks
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from seedbed.cli.options import write_out
from seedbed.config import load_settings
from seedbed.errors import ExitCode, ForgeError, UsageError
from seedbed.forge.actions import (
    Action,
    AskTeams,
    Assign,
    RemoveComment,
    WriteComment,
    actions_of,
    describe,
)
from seedbed.forge.check_report import CheckReportFile
from seedbed.forge.code_owners import CodeOwners
from seedbed.forge.conversation import Forge
from seedbed.forge.event import Event, event_of_gitlab, read_event
from seedbed.forge.facts import CheckRun, Facts, Owners, PreviewRun
from seedbed.forge.labels import LABELS, missing_labels
from seedbed.forge.open_forge import on_gitlab, open_forge
from seedbed.forge.report_file import read_report_file
from seedbed.forge.sections import Sections
from seedbed.forge.waiting import Patience, Waiting, actions_of_waiting
from seedbed.reports.escape import terminal_text
from seedbed.reports.plural import counted

_CORRECTIONS = 2
_OWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")


@click.command(short_help="Tell a pull request where it stands.")
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
    "--outdated", is_flag=True, help="None was made: the branch began where seedbed.toml was another."
)
@click.option("--idle", is_flag=True, help="Tend the open pull requests on which nothing happens.")
@click.option("--labels", is_flag=True, help="Make the labels that the repository lacks.")
@click.option(
    "--event",
    metavar="FILE",
    type=click.Path(path_type=Path),
    envvar="GITHUB_EVENT_PATH",
    help="The event, as the forge wrote it.  [default: $GITHUB_EVENT_PATH]",
)
@click.option("--login", help="Whose comment is ours.  [default: github-actions\\[bot]; GitLab: the token's]")
@click.option("--dry-run", is_flag=True, help="Read, and print what would be done.")
def publish(
    report: Path | None,
    preview: Path | None,
    outdated: bool,
    idle: bool,
    labels: bool,
    event: Path | None,
    login: str | None,
    dry_run: bool,
) -> int:
    """Write one comment on the pull request, or edit it; set labels; call the owners of the changed leaves.

    The report is a stranger's: nothing in it chooses the pull request, runs, or is shown as more than text. Without a
    report or a preview, who acts next is said anew: after a review, a push, or the end. Token and repository come from
    the environment: GITHUB_TOKEN, GITHUB_REPOSITORY, GITHUB_API_URL; on GitLab SEEDBED_GITLAB_TOKEN and what its
    pipelines have.
    """
    if sum((report is not None, preview is not None, idle, labels)) > 1:
        raise UsageError("--report, --preview, --idle and --labels are four things", hint="name one of them")
    if labels:
        _make_labels(open_forge(os.environ, login), dry_run)
        return ExitCode.FINE
    if idle:
        _tend(open_forge(os.environ, login), dry_run)
        return ExitCode.FINE
    happened = _event(event)
    if happened is None:
        click.echo("No pull request has a part in that event: nothing to do.")
        return ExitCode.FINE
    run = _run(happened, report, preview, outdated=outdated)
    forge = open_forge(os.environ, login)
    owners = _owners(run.report) if isinstance(run, CheckRun) and run.report else Owners()
    for number in happened.numbers or _found(forge, happened):
        _speak(forge, number, happened, run, owners, dry_run)
    return ExitCode.FINE


def _found(forge: Forge, event: Event) -> tuple[int, ...]:
    """By the branch that the run was for; once its fork is deleted, by the commit."""
    return forge.open_numbers(event.owner, event.branch, "" if event.owner else event.head)


def _event(file: Path | None) -> Event | None:
    if on_gitlab(os.environ):
        return event_of_gitlab(os.environ)
    if file is None:
        raise UsageError("no event is named", hint="seedbed publish --event FILE --report FILE")
    server, repository, run = (
        os.environ.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    )
    return read_event(file, run_url=f"{server}/{repository}/actions/runs/{run}")


def _run(
    event: Event, report: Path | None, preview: Path | None, *, outdated: bool
) -> CheckRun | PreviewRun | None:
    if preview is not None and outdated:
        return PreviewRun(event.head, event.url, None, outdated=True)
    if preview is not None:
        return _preview_run(event, preview)
    if report is None or event.name == "pull_request_review":  # which checks nothing
        return None
    return _check_run(event, report)


def _check_run(event: Event, path: Path) -> CheckRun:
    """The run with its report, or with why there is none; never fails, since a maintainer should hear of it."""
    report: CheckReportFile | None = None
    problem = None
    try:
        report = read_report_file(path)
    except UsageError as error:
        problem = terminal_text(error.message)
    if report is not None and report.head != event.head:
        report, problem = None, "its report speaks of another commit"
    conclusion = event.conclusion or ("success" if report and not report.failed else "failure")
    return CheckRun(event.head, conclusion, event.url, report, problem, queue=event.name == "merge_group")


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


def _owners(report: CheckReportFile) -> Owners:
    """By the CODEOWNERS here, in the checkout of the base; a leaf that moved has the owners of both places."""
    file = next((path for path in map(Path, _OWNERS) if path.is_file()), None)
    if file is None:
        return Owners()
    rules = CodeOwners.read(file.read_text(encoding="utf-8", errors="replace"))
    return rules.of(path for leaf in report.leaves for path in (leaf.path, leaf.old_path) if path)


def _speak(
    forge: Forge,
    number: int,
    event: Event,
    run: CheckRun | PreviewRun | None,
    owners: Owners,
    dry_run: bool,
) -> None:
    pull_request = forge.pull_request(number)
    pull_request = replace(pull_request, changes_own_check=forge.changes_own_check(number))
    if isinstance(run, CheckRun) and run.queue:
        run = run.of(pull_request.head)  # the queue checked a merge of it
    facts = _heard(
        forge, Facts(pull_request, datetime.now(UTC), run, owners, pushed=event.action == "synchronize")
    )
    click.echo(f"Pull request {number}, commit {pull_request.head}:")
    if run is not None and run.head != pull_request.head:
        click.echo(f"It has moved on from {run.head}: a newer commit is checked by itself.")
    actions = actions_of(facts)
    _perform(forge, number, actions, dry_run)
    for _ in range(_CORRECTIONS):
        if dry_run or not any(isinstance(action, WriteComment) for action in actions):
            return
        # Another run may have written at the same moment: what it took away is said again, what is there twice goes.
        actions = tuple(
            one for one in actions_of(_heard(forge, facts)) if isinstance(one, WriteComment | RemoveComment)
        )
        if actions:
            _perform(forge, number, actions, dry_run)


def _heard(forge: Forge, facts: Facts) -> Facts:
    """The facts with what is said by now."""
    conversation = forge.conversation(facts.pull_request.number)
    return replace(facts, comment=conversation.comment, doubles=conversation.doubles)


def _make_labels(forge: Forge, dry_run: bool) -> None:
    """Those that the repository lacks, each with what it means."""
    missing = missing_labels(forge.label_names())
    for label in missing:
        click.echo(f"{'would make' if dry_run else 'make'} label: {label.name}")
        if not dry_run:
            forge.make_label(label)
    click.echo(f"{counted(len(LABELS), 'label')} looked for, {len(missing)} missing.")


def _tend(forge: Forge, dry_run: bool) -> None:
    """Every open pull request by the dated policy."""
    settings = load_settings(Path.cwd()).pull_requests
    patience = Patience(settings.remind_after_days, settings.close_after_days or None)
    now = datetime.now(UTC)
    numbers = forge.open_numbers()
    failed: list[ForgeError] = []
    for number in numbers:
        try:
            _tend_one(forge, number, patience, now, dry_run)
        except ForgeError as error:  # one that cannot be told of keeps no other waiting
            failed.append(error)
    click.echo(f"{counted(len(numbers), 'open pull request')} looked at.")
    _raise_all(failed)


def _tend_one(forge: Forge, number: int, patience: Patience, now: datetime, dry_run: bool) -> None:
    pull_request, said = forge.pull_request(number), forge.conversation(number)
    check = Sections.read(said.comment.body).check if said.comment else None
    outcome = check.outcome if check and check.head == pull_request.head else None
    waiting = Waiting(pull_request, now, outcome, said.reminder, said.last_word)
    if actions := actions_of_waiting(waiting, patience):
        click.echo(f"Pull request {number}, idle since {waiting.idle_since:%Y-%m-%d}:")
        _perform(forge, number, actions, dry_run)


def _perform(forge: Forge, number: int, actions: Sequence[Action], dry_run: bool) -> None:
    """All of it, whatever fails; what failed is one error in the end. Calling people is a courtesy and fails nothing."""
    write_out(describe(tuple(actions)))
    failed: list[ForgeError] = []
    for action in () if dry_run else actions:
        try:
            forge.perform(number, action)
        except ForgeError as error:
            if isinstance(action, Assign | AskTeams):
                click.echo(f"nobody was called: {error.message}", err=True)
            else:
                failed.append(error)
    _raise_all(failed)


def _raise_all(failed: Sequence[ForgeError]) -> None:
    if failed:
        problems = "; ".join(dict.fromkeys(error.message for error in failed))
        raise ForgeError(problems, hint=failed[0].hint) from failed[0]
