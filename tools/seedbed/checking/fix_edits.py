"""Fixes as edits of a text: those that do not touch each other are made at once, everything else stays as it is."""

from __future__ import annotations

import re
from collections.abc import Iterable

from seedbed.checking.finding import Finding, Fix
from seedbed.taxonomy.places import Places


def apply_fixes(text: str, findings: Iterable[Finding]) -> tuple[str, tuple[Finding, ...]]:
    """`text` with the fixes of `findings` made, and the findings whose fixes they were.

    Of two fixes that overlap the one that begins first wins, then the shorter one; the other waits for the next round,
    when its finding has been looked for again. A fix that changes nothing is left out.
    """
    places = Places(text)
    ending = line_ending(text)
    edits = []
    for finding in findings:
        if finding.fix is not None:
            start, end = places.offsets(finding.fix.span)
            edits.append((start, end, _with_ending(finding.fix, ending), finding))
    edits.sort(key=lambda edit: (edit[0], edit[1], edit[3].code, edit[2]))
    pieces: list[str] = []
    made: list[Finding] = []
    done = 0
    for start, end, new, finding in edits:
        touches = start < done or (bool(made) and start == done == end)
        if touches or text[start:end] == new:
            continue
        pieces += [text[done:start], new]
        made.append(finding)
        done = end
    return "".join([*pieces, text[done:]]), tuple(made)


def line_ending(text: str) -> str:
    """How the lines of `text` end: CRLF only where all of them do."""
    return "\r\n" if "\n" in text and re.search(r"(?<!\r)\n", text) is None else "\n"


def _with_ending(fix: Fix, ending: str) -> str:
    return re.sub(r"(?<!\r)\n", ending, fix.text) if ending != "\n" else fix.text
