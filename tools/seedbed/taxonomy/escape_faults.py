"""What is wrong with a backslash inside double quotes, said in words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from seedbed.taxonomy.places import shown

_ESCAPE = re.compile(r"\\(?:x[0-9A-Fa-f]{0,2}|u[0-9A-Fa-f]{0,4}|U[0-9A-Fa-f]{0,8}|.)?")
_LOW_HALF = re.compile(r"\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})")
_DIGITS = {"x": 2, "u": 4, "U": 8}
_LAST_CHARACTER = 0x10FFFF


@dataclass(frozen=True, slots=True)
class EscapeTrouble:
    """An escape that YAML refuses: its offsets, what to say of it, and the text that mends it where that is certain."""

    start: int
    end: int
    message: str
    help: str
    replacement: str | None = None


def escape_trouble(text: str, at: int) -> EscapeTrouble:
    """The trouble of the escape in which a parser stopped at offset `at`."""
    start = max(text.rfind("\\", 0, at + 1), 0)
    found = _ESCAPE.match(text, start)
    end = found.end() if found is not None else start + 1
    written = text[start:end]
    kind, digits = written[1:2], written[2:]
    wanted = _DIGITS.get(kind)
    if wanted is None:
        message = f"{shown(written)} is not an escape that YAML knows inside double quotes"
        help = "write the backslash twice, or use single quotes or a block (`|`), where it stands for itself"
        return EscapeTrouble(start, end, message, help)
    if len(digits) < wanted:
        message = f"{shown(written)} is cut short: `\\{kind}` takes {wanted} hexadecimal digits"
        help = "write all of them, or the backslash twice if it stands for itself"
        return EscapeTrouble(start, end, message, help)
    code = int(digits, 16)
    if code > _LAST_CHARACTER:
        message = f"{shown(written)} stands for no character: the last one is U+{_LAST_CHARACTER:X}"
        return EscapeTrouble(start, end, message, "write the character itself")
    return _half(text, start, end, code)


def _half(text: str, start: int, end: int, code: int) -> EscapeTrouble:
    """Of half a character: with its other half behind it, or alone."""
    low = _LOW_HALF.match(text, end)
    if code < 0xDC00 and low is not None:
        character = 0x10000 + ((code - 0xD800) << 10) + (int(low[1], 16) - 0xDC00)
        whole = f"\\U{character:08X}"
        message = (
            f"{shown(text[start : low.end()])} is one character in two halves (a surrogate pair), as JSON writes it; "
            "YAML reads each escape alone"
        )
        return EscapeTrouble(start, low.end(), message, f"write the character itself, or `{whole}`", whole)
    message = f"{shown(text[start:end])} is a lone surrogate, half of a character that UTF-16 writes in two; it is no text"
    return EscapeTrouble(start, end, message, "write the character that is meant, or remove it")
