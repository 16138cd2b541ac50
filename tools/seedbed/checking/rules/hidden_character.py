"""No invisible character reorders or hides text.

Direction overrides make a reviewer read something else than what the model learns (CVE-2021-42574). Tag characters, and
variation selectors in a row, carry whole sentences that nobody sees and every model reads. Zero-width spaces and soft
hyphens split words into odd tokens and come along when text is copied from web pages.

Warns: `answer: safe\\u202e…`

Passes: the same text without the character. Joiners and marks that scripts need and the flags of emoji are fine.

To fix it: delete the character that the finding points at, or type the word again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from seedbed.checking.finding import Finding, Fix, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import shown
from seedbed.taxonomy.leaf import LeafFile, Span

CODE = "SB309"
SEVERITY = Severity.WARNING

_FLAG = "\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f"
"""A black flag and the code of a country's part, such as Scotland's (Unicode TR 51, emoji tag sequences)."""
_VOWEL_SEPARATOR = "(?<=[\u1820-\u18aa])\u180e(?=[\u1820-\u18aa])"
"""Between two Mongolian letters it belongs to the spelling (The Unicode Standard, 13.5)."""
_HIDDEN = re.compile(
    f"{_FLAG}|{_VOWEL_SEPARATOR}|(?P<hidden>"
    "[\U000e0000-\U000e007f]+|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{2,}"
    "|[\xad\u061c\u180e\u200b\u2060\u202a-\u202e\u2066-\u2069\ufeff])"
)
_ONLY_SPLIT = frozenset("\xad\u200b")
"""What says no more than where a line may break."""


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """One finding for each line that holds one; a file that could not be decoded has none of its own."""
    if leaf.data is None or leaf.text.isascii():
        return
    for number, line in enumerate(leaf.text.split("\n"), start=1):
        found = next((match for match in _HIDDEN.finditer(line) if match["hidden"]), None)
        if found is not None:
            hidden = found["hidden"]
            span = Span(number, found.start() + 1, number, found.end() + 1)
            yield Finding(
                CODE,
                SEVERITY,
                leaf.path,
                span,
                _message(hidden),
                value=f"{line[:40]}",
                help="delete it, or type the word again" if len(hidden) == 1 else "delete them",
                fix=Fix(span, "", safe=hidden in _ONLY_SPLIT),
            )


def _message(hidden: str) -> str:
    first = f"U+{ord(hidden[0]):04X}"
    if len(hidden) == 1:
        named = f"{first} {unicodedata.name(hidden, '')}".rstrip()
        return f"an invisible character, {named}, hides or reorders text; the model would read it"
    said = "".join(chr(ord(sign) - 0xE0000) for sign in hidden if "\U000e0020" <= sign <= "\U000e007e")
    spelt = f" that spell {shown(said)}" if said.strip() else ""
    return f"{len(hidden)} invisible characters from {first} on{spelt} hide in this line; the model would read them"
