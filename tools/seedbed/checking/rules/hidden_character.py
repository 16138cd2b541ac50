"""No invisible character reorders or hides text.

Direction overrides make a reviewer read something else than what the model learns (CVE-2021-42574); zero-width spaces
split words into odd tokens and come along when text is copied from web pages.

Warns: `answer: safe\\u202e…`

Passes: the same text without the character. Joiners that scripts and emoji need are fine.

To fix it: delete the character that the finding points at, or type the word again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from seedbed.checking.finding import Finding, Fix, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.taxonomy.leaf import LeafFile, Span

CODE = "SB309"
SEVERITY = Severity.WARNING

_HIDDEN = re.compile("[\u200b\u2060\u202a-\u202e\u2066-\u2069\ufeff]")


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """One finding for each line that holds one; a file that could not be decoded has none of its own."""
    if leaf.data is None:
        return
    for number, line in enumerate(leaf.text.split("\n"), start=1):
        match = _HIDDEN.search(line)
        if match is not None:
            character = match.group()
            span = Span(number, match.start() + 1, number, match.end() + 1)
            yield Finding(
                CODE,
                SEVERITY,
                leaf.path,
                span,
                f"an invisible character, U+{ord(character):04X} {unicodedata.name(character, '')}, hides or reorders "
                "text; the model would read it",
                value=f"{line[:40]}",
                help="delete it, or type the word again",
                fix=Fix(span, "", safe=character == "\u200b"),
            )
