"""The words of the comment. Whatever a stranger wrote stands in fences or has its signs escaped; nobody is mentioned."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from seedbed.checking.finding import Severity, Status
from seedbed.checking.verdict import Verdict
from seedbed.forge.check_report import CheckReportFile, ReportedFinding, ReportedLeaf
from seedbed.forge.facts import CheckRun, Facts, PreviewRun
from seedbed.forge.sections import Section
from seedbed.forge.standing import Standing, checklist, standing
from seedbed.reports.counts import counted
from seedbed.reports.escape import markdown_fence, markdown_inline
from seedbed.reports.markdown import COMMENT_LIMIT

CHECK_LIMIT = 24_000
"""UTF-16 units of the check's part; the rest is the preview's."""
_PREVIEW_LIMIT = COMMENT_LIMIT - CHECK_LIMIT - 1_000  # whatever the check says later on, both fit
_TEXT_LIMIT = 600  # characters of one message, a name or a line of help
_LEAVES_SHOWN = 30
_VERDICTS = {
    Verdict.FAIL: "fails",
    Verdict.WARN: "passes, with warnings",
    Verdict.PASS: "passes",
    Verdict.REMOVED: "is removed",
}
_CHANGES = {"added": "new", "renamed": "moved"}


def check_section(facts: Facts, run: CheckRun) -> Section:
    """What is green, what is not, who acts next, how to see the same at home."""
    where = standing(run, facts.pull_request)
    report = run.report
    lines = [f"### Seedbed: {_heading(where, report)}", "", f"**Next: {_next(where, facts, run)}**", ""]
    if report is not None:
        lines += [*_leaves(report), *_checklist(report, facts)]
    foot = [*(_reproduce(report) if report else []), _foot(run, facts.now, report), ""]
    head, tail = "\n".join(lines), "\n".join(foot)
    room = CHECK_LIMIT - length(head) - length(tail) - 300
    return Section(run.head, head + _findings(report, room) + tail)


def preview_section(run: PreviewRun, now: datetime) -> Section:
    """The preview, or that there is none and why."""
    from seedbed.reports.preview_markdown import preview_markdown

    time = f"<sub>Preview of {run.head} at {_time(now)} ([run]({run.url})). Advice: it decides nothing.</sub>"
    if run.preview is None:
        text = (
            f"The preview could not be made: {run.problem or 'it left nothing'}. Nothing in the pull request need be "
            f"wrong: a maintainer reads [the run]({run.url})."
        )
    else:
        text = preview_markdown(run.preview, limit=_PREVIEW_LIMIT - length(time)).strip()
    return Section(run.head, f"\n---\n\n{text}\n\n{time}\n")


def _heading(where: Standing, report: CheckReportFile | None) -> str:
    if where is Standing.FAILING and report is not None:
        failing = sum(leaf.verdict is Verdict.FAIL for leaf in report.leaves)
        if not failing:
            return "something needs a change"
        return f"{counted(failing, 'leaf needs', 'leaves need')} a change"
    return {
        Standing.NO_REPORT: "the check did not come to an end",
        Standing.CONTRADICTED: "the check's run and its report disagree",
        Standing.DRAFT: "all clear so far, still a draft",
        Standing.CHANGES_REQUESTED: "all clear, changes were asked for",
        Standing.NO_LEAF: "no leaf differs from the base",
    }.get(where, "all clear")


def _next(where: Standing, facts: Facts, run: CheckRun) -> str:
    author = markdown_inline(facts.pull_request.author)
    return {
        Standing.NO_REPORT: f"a maintainer looks at [the run]({run.url}): {run.problem or 'it left no report'}.",
        Standing.CONTRADICTED: f"a maintainer looks at [the run]({run.url}), which ended as "
        f"{markdown_inline(run.conclusion[:40])}; the report below says otherwise.",
        Standing.FAILING: f"{author} mends the errors below and pushes. Warnings and hints do not fail.",
        Standing.DRAFT: f"{author} marks it as ready for review.",
        Standing.CHANGES_REQUESTED: f"{author} answers the review.",
        Standing.NO_LEAF: "a maintainer reviews it; there is nothing here for the check to say.",
        Standing.READY: "a maintainer reviews the answers.",
        Standing.APPROVED: "a maintainer merges it.",
    }[where]


def _leaves(report: CheckReportFile) -> Iterator[str]:
    order = {Verdict.FAIL: 0, Verdict.WARN: 1, Verdict.PASS: 2, Verdict.REMOVED: 3}
    ranked = sorted(report.leaves, key=lambda leaf: (order[leaf.verdict], leaf.path))
    for leaf in ranked[:_LEAVES_SHOWN]:
        yield f"- {_shown(leaf.name)} ({_kind(leaf)}) {_VERDICTS[leaf.verdict]}{_count(leaf, report)}"
        if leaf.neighbours:
            yield f"  - nearest leaves: {', '.join(map(_shown, leaf.neighbours[:3]))}"
    more = len(ranked[_LEAVES_SHOWN:]) + report.more_leaves
    if more:
        verdicts = [leaf.verdict for leaf in ranked[_LEAVES_SHOWN:]]
        failing = f", {verdicts.count(Verdict.FAIL):,} of them failing" if Verdict.FAIL in verdicts else ""
        yield f"- and {counted(more, 'more leaf', 'more leaves')}{failing}"
    yield ""


def _kind(leaf: ReportedLeaf) -> str:
    change = _CHANGES.get(leaf.change, leaf.change)
    return ", ".join(filter(None, (markdown_inline(change), leaf.kind)))


def _count(leaf: ReportedLeaf, report: CheckReportFile) -> str:
    folder = leaf.path.rpartition("/")[0]
    mine = [
        finding
        for finding in report.findings
        if finding.status is Status.INTRODUCED
        and (finding.path == leaf.path or finding.path.rpartition("/")[0] == folder)
    ]
    counts = [(severity, sum(finding.severity is severity for finding in mine)) for severity in Severity]
    said = ", ".join(counted(count, one.value, f"{one.value}s") for one, count in counts if count)
    return f": {said}" if said else ""


def _checklist(report: CheckReportFile, facts: Facts) -> Iterator[str]:
    if report.leaves:
        yield (
            "Still to do:"
            if not all(item.done for item in checklist(report, facts.pull_request))
            else "Nothing is left to do:"
        )
        yield ""
        for item in checklist(report, facts.pull_request):
            yield f"- [{'x' if item.done else ' '}] {item.text}"
        yield ""


def _findings(report: CheckReportFile | None, room: int) -> str:
    if report is None:
        return ""
    new = [finding for finding in report.findings if finding.status is Status.INTRODUCED]
    new.sort(key=lambda finding: list(Severity).index(finding.severity))
    old = sum(finding.status is Status.ALREADY_THERE for finding in report.findings)
    healed = sum(finding.status is Status.HEALED for finding in report.findings)
    text, left = _that_fit(new, room)
    left += report.more_findings
    if left:
        text += f"\n{counted(left, 'more finding does', 'more findings do')} not fit here; `seedbed check` shows them all.\n"
    if old:
        text += f"\n{counted(old, 'finding was', 'findings were')} there before this change and {'does' if old == 1 else 'do'} not fail it.\n"
    if healed:
        text += f"\nThis change mends {counted(healed, 'finding', 'findings')} that the base has.\n"
    return text


def _that_fit(findings: Iterable[ReportedFinding], room: int) -> tuple[str, int]:
    blocks = list(map(_block, findings))
    for place, block in enumerate(blocks):
        room -= length(block)
        if room < 0:
            return "".join(blocks[:place]), len(blocks) - place
    return "".join(blocks), 0


def _block(finding: ReportedFinding) -> str:
    where = f"{_shown(finding.path)}:{finding.line}:{finding.column}"
    lines = [f"\n**{finding.severity.value} {finding.code}** at {where}  ", _shown(finding.message), ""]
    if finding.excerpt:
        lines += [markdown_fence(_no_command(finding.excerpt), 3_000), ""]
    if finding.help or finding.safe_fix:
        fix = "`seedbed fix` mends it." if finding.safe_fix else ""
        help_ = f"Help: {_shown(finding.help).removesuffix('.')}. " if finding.help else ""
        lines += [f"{help_}{fix}".strip(), ""]
    return "\n".join(lines)


def _no_command(text: str) -> str:
    """Lines of which none is a command for a workflow runner that prints them in a dry run."""
    return "\n".join(re.sub(r"^(\s*)::", r"\1: :", line) for line in text.splitlines())


def _reproduce(report: CheckReportFile) -> list[str]:
    against = f"--base {report.base}" if report.base else "--all"
    return [
        "",
        "The same on your machine:",
        "",
        "```sh",
        f"git fetch origin {report.checked}",
        f"seedbed check {against} --head {report.checked}",
        "```",
        "",
    ]


def _foot(run: CheckRun, now: datetime, report: CheckReportFile | None) -> str:
    by = f" by Seedbed `{report.version}`" if report else ""
    return f"<sub>Commit {run.head}, checked{by} ([run]({run.url})), written at {_time(now)}. A rule in full: `seedbed explain CODE`.</sub>"


def _time(now: datetime) -> str:
    return now.strftime("%Y-%m-%d %H:%M UTC")


def _shown(text: str) -> str:
    return markdown_inline(text if len(text) <= _TEXT_LIMIT else f"{text[:_TEXT_LIMIT]}…")


def length(text: str) -> int:
    """UTF-16 units, as the forge counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
