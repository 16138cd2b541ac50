"""Findings for people: the source line, a caret under the exact place, and what to do.

Every text that comes from a leaf passes through `terminal_text`, so that nothing in it reaches the terminal as a command.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from seedbed.checking.finding import Finding, Severity, Status
from seedbed.checking.report import CheckReport
from seedbed.checking.verdict import Verdict, fails
from seedbed.reports.escape import is_hostile, terminal_text
from seedbed.taxonomy.leaf import Span

WIDEST_LINE = 100
"""Columns of source that are shown; a longer line is cut around the place that the finding points at."""

_COLOURS = {"error": "31;1", "warning": "33;1", "hint": "36;1", "muted": "2", "bold": "1", "good": "32;1"}


def findings_text(report: CheckReport, *, colour: bool = False, local_command: str | None = None) -> str:
    """The whole report, with a footer that counts; `local_command` is printed as the way to see the same locally."""
    paint = _Paint(colour)
    blocks = [_block(finding, report.sources, paint) for finding in shown(report)]
    footer = list(_footer(report, paint))
    if local_command is not None and blocks:
        footer.append(f"Run it yourself: {local_command}")
    return "\n".join([*(f"{block}\n" for block in blocks), *footer]) + "\n"


def shown(report: CheckReport) -> list[Finding]:
    """What is printed: introduced findings first, then what was there before; healed ones are only counted."""
    order = {Status.INTRODUCED: 0, Status.ALREADY_THERE: 1}
    present = [finding for finding in report.findings if finding.status in order]
    return sorted(present, key=lambda finding: (order[finding.status], finding.order))


class _Paint:
    def __init__(self, colour: bool) -> None:
        self._colour = colour

    def __call__(self, text: str, name: str) -> str:
        return f"\x1b[{_COLOURS[name]}m{text}\x1b[0m" if self._colour else text


def _block(finding: Finding, sources: Mapping[str, str], paint: _Paint) -> str:
    old = finding.status is Status.ALREADY_THERE
    tone = "muted" if old else finding.severity.value
    label = paint(f"{finding.code} {finding.severity.value}", tone)
    note = "  (already there)" if old else ""
    lines = [
        f"{label}: {paint(terminal_text(finding.message), 'muted' if old else 'bold')}{paint(note, 'muted')}"
    ]
    places = [(finding.path, finding.span, "", "^")]
    places += [(related.path, related.span, related.message, "-") for related in finding.related]
    width = max(len(str(span.end_line)) for _, span, _, _ in places)
    for path, span, message, mark in places:
        at = f"{terminal_text(path)}:{span.line}:{span.column}"
        lines.append(f"{' ' * width}--> {at}{'  ' + terminal_text(message) if message else ''}")
        lines.extend(_source(sources.get(path), span, width, mark, paint, tone))
    if finding.help:
        lines.append(f"{' ' * width} = help: {terminal_text(finding.help)}")
    if finding.fix is not None and finding.fix.safe:
        lines.append(f"{' ' * width} = fix: {_fix(finding)} (safe)")
    return "\n".join(lines)


def _fix(finding: Finding) -> str:
    assert finding.fix is not None
    text = finding.fix.text
    if not text:
        return "remove what is marked"
    return f"write {terminal_text(text)}" if len(text) <= 60 and "\n" not in text else "as the help says"


def _source(source: str | None, span: Span, width: int, mark: str, paint: _Paint, tone: str) -> Iterator[str]:
    """The first line of the span with a marker under it; of a longer span, how many lines it has."""
    lines = (source or "").split("\n")
    if source is None or span.line > len(lines):
        return
    line = lines[span.line - 1].removesuffix("\r")
    end = span.end_column if span.end_line == span.line else len(line) + 1
    before, marked = line[: span.column - 1], line[span.column - 1 : end - 1]
    before, marked, after = _cut(before, marked, line[end - 1 :])
    margin = paint(f"{' ' * width} |", "muted")
    yield margin
    yield f"{paint(f'{span.line:>{width}} |', 'muted')} {before}{marked}{after}".rstrip()
    caret = mark * max(1, display_width(marked))
    more = span.end_line - span.line
    tail = f" … and {more} more line{'s' if more > 1 else ''}" if more else ""
    yield f"{margin} {' ' * display_width(before)}{paint(caret + tail, tone)}"


def _cut(before: str, marked: str, after: str) -> tuple[str, str, str]:
    """The three parts of a line made safe, tabs as one space, and cut so that what is marked can be seen."""
    before, marked, after = (terminal_text(part.replace("\t", " ")) for part in (before, marked, after))
    if len(before) + len(marked) + len(after) <= WIDEST_LINE:
        return before, marked, after
    if len(marked) > WIDEST_LINE - 20:
        marked = marked[: WIDEST_LINE - 21] + "…"
        after = ""
    room = WIDEST_LINE - len(marked)
    if len(before) > room * 2 // 3:
        before = "…" + before[-(room // 2) :]
    left = max(0, WIDEST_LINE - len(marked) - len(before))
    return before, marked, after if len(after) <= left else after[:left] + "…"


def display_width(text: str) -> int:
    """Terminal columns that `text` takes: wide East Asian characters and emoji two, combining marks none."""
    return sum(map(_columns, text))


def _columns(character: str) -> int:
    if (
        character == "\u200d"
        or unicodedata.combining(character)
        or unicodedata.category(character) in ("Mn", "Me")
    ):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" and not is_hostile(character) else 1


def _footer(report: CheckReport, paint: _Paint) -> Iterator[str]:
    checked = [leaf for leaf in report.leaves if leaf.verdict is not Verdict.REMOVED]
    removed = len(report.leaves) - len(checked)
    if not report.leaves:
        yield (
            "No leaf differs from the base: nothing to check."
            if report.base
            else "There is no leaf to check."
        )
        return
    leaves = f"{_counted(len(checked), 'leaf', 'leaves')} checked" + (
        f", {removed} removed" if removed else ""
    )
    present = [finding for finding in report.findings if finding.status is not Status.HEALED]
    new = [finding for finding in present if finding.status is Status.INTRODUCED]
    healed = len(report.findings) - len(present)
    parts = [_by_severity(new, "introduced by this change" if report.base else "found")] if new else []
    if len(present) > len(new):
        parts.append(_by_severity([f for f in present if f.status is not Status.INTRODUCED], "already there"))
    if healed:
        parts.append(f"{healed} healed")
    yield f"{leaves}: {'; '.join(parts) or 'no findings'}."
    codes = sorted({finding.code for finding in new})
    if codes:
        yield f"About a rule: seedbed explain {next((f.code for f in new if fails(f)), codes[0])}"
    failing = sum(leaf.verdict is Verdict.FAIL for leaf in checked)
    yield (
        paint(f"{_counted(failing, 'leaf fails', 'leaves fail')}.", "error")
        if failing
        else paint("Passed.", "good")
    )


def _by_severity(findings: Iterable[Finding], what: str) -> str:
    counts = dict.fromkeys(Severity, 0)
    for finding in findings:
        counts[finding.severity] += 1
    words = [
        _counted(count, severity.value, f"{severity.value}s") for severity, count in counts.items() if count
    ]
    return f"{', '.join(words)} {what}"


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
