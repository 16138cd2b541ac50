"""Findings for people: the source line, a caret under the exact place, and what to do.

Every text that comes from a leaf passes through `terminal_text`, so that nothing in it reaches the terminal as a command.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from seedbed.checking.finding import Finding, Status
from seedbed.checking.report import CheckReport
from seedbed.checking.verdict import fails
from seedbed.reports.counts import ignores, outcome, shown, summary
from seedbed.reports.escape import terminal_text
from seedbed.reports.source_excerpt import Mark, excerpt, lines_by_path
from seedbed.reports.wrapping import wrapped

_COLOURS = {"error": "31;1", "warning": "33;1", "hint": "36;1", "muted": "2", "bold": "1", "good": "32;1"}


def findings_text(
    report: CheckReport,
    *,
    colour: bool = False,
    local_command: str | None = None,
    documentation_url: str | None = None,
    width: int | None = None,
) -> str:
    """The whole report, with a footer that counts; `local_command` is printed as the way to see the same locally.

    Messages and help are wrapped to `width` columns; None leaves each in one line, as a program reads them best.
    """
    paint = _Paint(colour)
    lines = lines_by_path(report.sources)
    blocks = [_block(finding, lines, paint, documentation_url, width) for finding in shown(report)]
    footer = list(_footer(report, paint))
    if local_command is not None and blocks:
        footer.append(f"Run it yourself: {local_command}")
    return "\n".join([*(f"{block}\n" for block in blocks), *footer]) + "\n"


class _Paint:
    def __init__(self, colour: bool) -> None:
        self._colour = colour

    def __call__(self, text: str, name: str) -> str:
        return f"\x1b[{_COLOURS[name]}m{text}\x1b[0m" if self._colour else text


def _block(
    finding: Finding,
    sources: Mapping[str, list[str]],
    paint: _Paint,
    documentation_url: str | None,
    columns: int | None,
) -> str:
    old = finding.status is Status.ALREADY_THERE
    tone = "muted" if old else finding.severity.value
    lines = _headline(finding, paint, tone, columns)
    spans = [finding.span, *(related.span for related in finding.related if related.message)]
    width = max(len(str(span.end_line)) for span in spans)
    for path, marks in _places(finding).items():
        source = sources.get(path)
        # Without its source a place still says what it is about.
        beside = f"  {terminal_text(marks[0].label)}" if source is None and marks[0].label else ""
        at = f"{terminal_text(path)}:{marks[0].span.line}:{marks[0].span.column}"
        lines.append(f"{' ' * width}--> {at}{beside}")
        lines.extend(excerpt(source, marks, width, paint, tone) if source is not None else ())
    indent = f"{' ' * width} = "
    for note in _notes(finding, documentation_url):
        lines += _fitted(note, columns, indent, " " * len(f"{indent}help: "))
    return "\n".join(lines)


def _headline(finding: Finding, paint: _Paint, tone: str, columns: int | None) -> list[str]:
    old = finding.status is Status.ALREADY_THERE
    label = f"{finding.code} {finding.severity.value}"
    note = "  (already there)" if old else ""
    message = f"{terminal_text(finding.message)}{note}"
    first, *others = _fitted(message, columns, f"{label}: ", "    ")
    body = "muted" if old else "bold"
    head = f"{paint(label, tone)}: {paint(first.removeprefix(f'{label}: '), body)}"
    return [head, *(f"    {paint(line.removeprefix('    '), body)}" for line in others)]


def _fitted(text: str, columns: int | None, first: str, rest: str) -> list[str]:
    return [f"{first}{text}"] if columns is None else wrapped(text, columns, first=first, rest=rest)


def _places(finding: Finding) -> dict[str, list[Mark]]:
    """What to mark in which file: the finding itself first, then the places it speaks of."""
    places = {finding.path: [Mark(finding.span)]}
    for related in filter(lambda one: one.message, finding.related):
        places.setdefault(related.path, []).append(Mark(related.span, related.message, "-"))
    return places


def _notes(finding: Finding, documentation_url: str | None) -> Iterator[str]:
    if finding.help:
        yield f"help: {terminal_text(finding.help)}"
    if finding.fix is not None and finding.fix.safe:
        yield f"fix: {_fix(finding.fix.text)} (safe)"
    if documentation_url is not None:
        yield f"see: {documentation_url}{finding.code}"


def _fix(text: str) -> str:
    if not text:
        return "remove what is marked"
    return f"write {terminal_text(text)}" if len(text) <= 60 and "\n" not in text else "as the help says"


def _footer(report: CheckReport, paint: _Paint) -> Iterator[str]:
    yield summary(report)
    if not report.leaves and not report.findings:
        return
    yield from (f"  {terminal_text(line)}" for line in ignores(report))
    new = [finding for finding in report.findings if finding.status is Status.INTRODUCED]
    if new:
        codes = sorted(finding.code for finding in new)
        yield f"About a rule: seedbed explain {next((f.code for f in new if fails(f)), codes[0])}"
    said = outcome(report)
    yield paint(f"{said[0].upper()}{said[1:]}.", "error" if report.failed else "good")
