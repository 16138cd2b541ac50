"""Findings as a comment on a pull request or the summary of a job.

Text of strangers stands in fences or has its signs escaped: in it no link, image, mention, reference or HTML works.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from seedbed.checking.finding import Finding, Status
from seedbed.checking.report import CheckReport
from seedbed.reports.counts import ignores, outcome, shown, summary
from seedbed.reports.escape import markdown_fence, markdown_inline
from seedbed.reports.plural import counted
from seedbed.reports.source_excerpt import Mark, excerpt, lines_by_path

COMMENT_LIMIT = 65_536
"""Longest comment that GitHub takes, in UTF-16 units."""
MARKER = "<!-- seedbed:check:v1 -->"
"""First line of a comment, by which a bot finds the one that it is to edit."""
LONGEST_TEXT = 1_000
"""Characters of one message; a hostile name could else take all the room."""
_OLD = "<details><summary>Already there before this change</summary>"
_OLD_END = "</details>"


def findings_markdown(report: CheckReport, *, documentation_url: str | None = None) -> str:
    """At most 65,536 characters: findings that do not fit are counted, those that fail first in line to be shown."""
    verdict = outcome(report)
    head = f"{MARKER}\n### Seedbed check: {verdict}\n\n{markdown_inline(summary(report))}\n"
    reasons = "".join(f"- {markdown_inline(line[:500])}\n" for line in ignores(report)[:50])
    head += f"\n{reasons}" if reasons else ""
    foot = f"\n{_compared(report)}\n"
    # Room for the largest count, and for the frame around what was there before.
    room = COMMENT_LIMIT - length(head) - length(foot) - length(_left_out(10**9)) - 200
    body, left = _body(report, documentation_url, room)
    return f"{head}{body}{_left_out(left) if left else ''}{foot}"


def _body(report: CheckReport, documentation_url: str | None, room: int) -> tuple[str, int]:
    """Findings, each followed by its source, and how many found no room."""
    new: list[str] = []
    old: list[str] = []
    findings = shown(report)
    lines = lines_by_path(report.sources)
    for number, finding in enumerate(findings):
        block = _block(finding, lines, documentation_url)
        room -= length(block)
        if room < 0:
            return _framed(new, old), len(findings) - number
        (old if finding.status is Status.ALREADY_THERE else new).append(block)
    return _framed(new, old), 0


def _framed(new: list[str], old: list[str]) -> str:
    return "".join([*new, *([f"\n{_OLD}\n", *old, f"\n{_OLD_END}\n"] if old else [])])


def _block(finding: Finding, sources: Mapping[str, list[str]], documentation_url: str | None) -> str:
    code = (
        finding.code if documentation_url is None else f"[{finding.code}]({documentation_url}{finding.code})"
    )
    where = f"{_shown(finding.path)}:{finding.span.line}:{finding.span.column}"
    lines = [f"\n**{code} {finding.severity.value}** at {where}  ", _shown(finding.message), ""]
    source = sources.get(finding.path)
    if source is not None:
        lines += [_source(finding, source), ""]
    lines += [f"Also: {_shown(text)}\n" for text in _elsewhere(finding)]
    if finding.help:
        safe = " A safe fix is there: `seedbed fix`." if finding.fix is not None and finding.fix.safe else ""
        lines += [f"Help: {_shown(finding.help)}{'' if finding.help.endswith('.') else '.'}{safe}", ""]
    return "\n".join(lines)


def _source(finding: Finding, lines: list[str]) -> str:
    marks = [Mark(finding.span)]
    marks += [
        Mark(related.span, related.message, "-")
        for related in finding.related
        if related.path == finding.path and related.message
    ]
    width = max(len(str(mark.span.line)) for mark in marks)
    return markdown_fence("\n".join(excerpt(lines, marks, width, lambda text, tone: text, "")), 4_000)


def _elsewhere(finding: Finding) -> Iterator[str]:
    for related in finding.related:
        if related.path != finding.path:
            yield f"{related.path}:{related.span.line}:{related.span.column} {related.message}"


def _shown(text: str) -> str:
    cut = text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}… ({len(text):,} characters)"
    return markdown_inline(cut)


def _left_out(count: int) -> str:
    findings = counted(count, "more finding does", "more findings do")
    return f"\n{findings} not fit here; `seedbed check` shows them all.\n"


def _compared(report: CheckReport) -> str:
    head = f"`{report.head}`" if report.head else "the working tree"
    if report.base is None:
        return f"Checked {head}: {markdown_inline(report.rung)}."
    return f"Checked {head} against `{report.base}` ({markdown_inline(report.rung)}). About a rule: `seedbed explain`."


def length(text: str) -> int:
    """UTF-16 units, as the forge counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
