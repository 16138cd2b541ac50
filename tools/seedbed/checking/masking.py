"""Covering what must not be repeated in a log before any report can show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from seedbed.checking.finding import Finding
from seedbed.taxonomy.leaf import Span

COVER = "*"


def masked(texts: Mapping[str, str], findings: Iterable[Finding]) -> dict[str, str]:
    """`texts` by path, with the span of every secret finding covered, sign for sign, so that all places stay."""
    covered = dict(texts)
    for finding in findings:
        if finding.secret and finding.path in covered:
            covered[finding.path] = _cover(covered[finding.path], finding.span)
    return covered


def _cover(text: str, span: Span) -> str:
    lines = text.split("\n")
    for number in range(span.line, min(span.end_line, len(lines)) + 1):
        line = lines[number - 1]
        start = span.column - 1 if number == span.line else 0
        end = min(span.end_column - 1, len(line)) if number == span.end_line else len(line)
        lines[number - 1] = line[:start] + COVER * max(0, end - start) + line[end:]
    return "\n".join(lines)
