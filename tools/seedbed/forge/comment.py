"""The words of the comment. Whatever a stranger wrote stands in code or has its signs escaped; nobody is mentioned."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from seedbed.forge.check_report import CheckReportFile
from seedbed.forge.facts import CheckRun, PreviewRun, PullRequest
from seedbed.forge.findings_section import findings_text, leaves_list
from seedbed.forge.outcome import URL, Outcome
from seedbed.forge.sections import Section, Sections
from seedbed.forge.standing import Standing, checklist, standing
from seedbed.reports.escape import markdown_inline
from seedbed.reports.markdown import COMMENT_LIMIT, length
from seedbed.reports.plural import counted

CHECK_LIMIT = 24_000
"""UTF-16 units of what the check found; the rest is the preview's."""
_STANDING_LIMIT = 3_000
_FIRST_LINE_LIMIT = 3_200
_OWN_CHECK = (
    "It changes `.github/`, by which it is checked itself: what the check says here is its own word, until a maintainer has "
    "read that part."
)
_PREVIEW_LIMIT = COMMENT_LIMIT - CHECK_LIMIT - _STANDING_LIMIT - _FIRST_LINE_LIMIT


def standing_text(pull_request: PullRequest, said: Sections) -> str:
    """What is green, what is not, who acts next: of everything that was said so far."""
    check = said.check if said.check and said.check.head == pull_request.head else None
    outcome = check.outcome if check else None
    where = standing(outcome, pull_request)
    author = markdown_inline(pull_request.author[:60])
    lines = [f"### Seedbed: {_heading(where, outcome)}", ""]
    if pull_request.newcomer:
        lines += [f"Welcome, {author}, and thank you: this is your first pull request here.", ""]
    lines += [_next(where, author, outcome), ""]
    if pull_request.changes_own_check:
        lines += [f"{_OWN_CHECK}\n"]
    if outcome is not None and outcome.failed is not None and outcome.leaves:
        lines += _checklist(outcome, pull_request)
    if said.check is not None and check is None:
        lines += [f"What stands below is what was found in {said.check.head[:12]}.", ""]
    if said.preview is not None and said.preview.head != pull_request.head:
        lines += [f"The preview below is of an earlier commit, {said.preview.head[:12]}; a maintainer can ask for a new one.", ""]  # fmt: skip
    return "\n".join(lines) + "\n"


def check_section(run: CheckRun, outcome: Outcome, now: datetime) -> Section:
    """What the check found, and how to see the same at home."""
    report = run.report
    if report is None:
        return Section(run.head, f"{_foot(run, now, None)}\n", outcome)
    head = "\n".join(leaves_list(report))
    again = _reproduce(report, run.url) if report.leaves or report.findings else []
    tail = "\n".join([*again, _foot(run, now, report), ""])
    room = CHECK_LIMIT - length(head) - length(tail) - 300
    return Section(run.head, head + findings_text(report, room, length) + tail, outcome)


def preview_section(run: PreviewRun, now: datetime) -> Section:
    """The preview, or that there is none and why."""
    from seedbed.reports.preview_markdown import preview_markdown

    foot = f"<sub>Preview of {run.head}, [run]({run.url}), written at {_time(now)}.</sub>"
    if run.outdated:
        text = (
            "There is no preview: this branch began where `seedbed.toml` was another. Merge the main branch into it and push; "
            "then a maintainer can ask anew."
        )
    elif run.preview is None:
        text = (
            f"The preview could not be made: {markdown_inline(run.problem or 'it left nothing')}. Nothing in the pull request need be "
            f"wrong: a maintainer reads [the run]({run.url})."
        )
    else:
        text = preview_markdown(run.preview, limit=_PREVIEW_LIMIT - length(foot) - 100).strip()
    return Section(run.head, f"\n---\n\n{text}\n\n{foot}\n")


def _heading(where: Standing, outcome: Outcome | None) -> str:
    if where is Standing.FAILING and outcome is not None:
        if not outcome.failing:
            return "something needs a change"
        return f"{counted(outcome.failing, 'leaf needs', 'leaves need')} a change"
    clear = "all clear, with remarks" if outcome and outcome.warnings else "all clear"
    return {
        Standing.PENDING: "the last commit is being checked",
        Standing.NOT_LET: "the check waits to be let run",
        Standing.STOPPED: "the check was stopped",
        Standing.NO_REPORT: "the check did not come to an end",
        Standing.CONTRADICTED: "the check's run and its report disagree",
        Standing.LEFT_QUEUE: "it left the merge queue",
        Standing.DRAFT: f"{clear}, still a draft",
        Standing.CHANGES_REQUESTED: f"{clear}; changes were asked for",
        Standing.NO_LEAF: "no leaf differs from the base",
    }.get(where, clear)


def _next(where: Standing, author: str, outcome: Outcome | None) -> str:
    run = f"[the run]({outcome.url})" if outcome else ""
    conclusion = markdown_inline(outcome.conclusion) if outcome else ""
    return {
        Standing.PENDING: "**Next: nobody.** The check says more when it ends; it starts by itself, or once a maintainer lets it.",
        Standing.NOT_LET: f"**Next: a maintainer looks at the change and lets {run} start.** Until then `seedbed check` "
        "on your own machine says the same.",
        Standing.STOPPED: f"**Next: a maintainer starts {run} again.**",
        Standing.NO_REPORT: f"**Next: a maintainer looks at {run}:** {markdown_inline(outcome.problem) if outcome else ''}.",
        Standing.CONTRADICTED: f"**Next: a maintainer looks at {run},** which ended as {conclusion}; the report below says "
        "otherwise.",
        Standing.LEFT_QUEUE: f"**Next: {author} merges the main branch into this one and mends what is below.** It passes "
        "alone, and fails on top of what is merged before it.",
        Standing.FAILING: _mend(author, outcome),
        Standing.DRAFT: f"**Next: {author} marks it as ready for review.**",
        Standing.CHANGES_REQUESTED: f"**Next: {author} answers the review.**",
        Standing.NO_LEAF: "**Next: a maintainer reviews it.** It changes no leaf, which is a `qna.yaml` in a folder of the taxonomy: "
        "there was nothing to check.",
        Standing.READY: f"**Next: a maintainer reviews the answers.**{_remarks(outcome)}",
        Standing.APPROVED: "**Next: a maintainer merges it.**",
    }[where]


def _mend(author: str, outcome: Outcome | None) -> str:
    if outcome is None or not outcome.errors:
        return f"**Next: {author} mends what is below and pushes.**"
    errors = "the error" if outcome.errors == 1 else f"the {outcome.errors:,} errors"
    return f"**Next: {author} mends {errors} below and pushes.**"


def _remarks(outcome: Outcome | None) -> str:
    return (
        " What is remarked below does not fail the check; a reviewer may ask about it."
        if outcome and outcome.warnings
        else ""
    )


def _checklist(outcome: Outcome, pull_request: PullRequest) -> Iterator[str]:
    items = checklist(outcome, pull_request)
    yield "Still to do:" if not all(item.done for item in items) else "Nothing is left to do:"
    yield ""
    for item in items:
        yield f"- [{'x' if item.done else ' '}] {item.text}"
    yield ""


def _reproduce(report: CheckReportFile, run_url: str) -> list[str]:
    """The merge is known to the repository of the pull request; the `origin` of a contributor is mostly a fork."""
    repository = re.split(r"/(?:-/pipelines|actions/runs)/", run_url)[0]
    origin = repository if repository != run_url and URL.match(repository) else "origin"
    against = f"--base {report.base}" if report.base else "--all"
    return [
        "",
        "On your own machine `seedbed check` says the same of your branch. For exactly these commits:",
        "",
        "```sh",
        f"git fetch {origin} {report.checked}",
        f"seedbed check {against} --head {report.checked}",
        "```",
        "",
    ]


def _foot(run: CheckRun, now: datetime, report: CheckReportFile | None) -> str:
    by = f", checked by Seedbed `{report.version}`" if report else ""
    rule = " A rule in full: `seedbed explain CODE`." if report and report.findings else ""
    return f"<sub>Commit {run.head}{by} ([run]({run.url})), written at {_time(now)}.{rule}</sub>"


def _time(now: datetime) -> str:
    return now.strftime("%Y-%m-%d %H:%M UTC")
