"""Which unquoted words some YAML reader takes for something other than text.

A leaf is text throughout. YAML 1.1 readers (PyYAML among them) and 1.2 readers disagree about `no`, `010`, `12:30`
and more, and both turn `1.0` and `2024-01-31` into things that print differently. The union of both is asked to be
quoted (yaml.org/type: bool, float, int, null, timestamp, merge, value; YAML 1.2.2, section 10.3).
"""

from __future__ import annotations

import re

_NULL = re.compile(r"~|null|Null|NULL")
_BOOLEAN = re.compile(r"y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF")
_INTEGER = re.compile(r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)")
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_FLOAT = re.compile(
    r"[-+]?(?:(?:[0-9][0-9_]*)?\.[0-9_]+|[0-9][0-9_]*\.?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
    r"(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?[ \t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?)?)?"
)

_TRUE_WORDS = frozenset({"y", "yes", "true", "on"})


def reading_of(word: str) -> str | None:
    """What a reader may take the unquoted `word` for, such as `false` or `a date`; None when all agree on text."""
    if not word or (word[0].isalpha() and len(word) > 5):
        return None  # quick way out for prose
    if _NULL.fullmatch(word):
        return "nothing (null)"
    if _BOOLEAN.fullmatch(word):
        return "true" if word.lower() in _TRUE_WORDS else "false"
    if _INTEGER.fullmatch(word):
        return "a number"
    if _BASE_60.fullmatch(word):
        return "a number in base 60"
    if _FLOAT.fullmatch(word):
        return "a number"
    if _DATE.fullmatch(word):
        return "a date"
    return {"<<": "a merge key", "=": "a default-value key"}.get(word)


def is_null(word: str) -> bool:
    """Whether the unquoted `word` is one of YAML's words for nothing."""
    return _NULL.fullmatch(word) is not None


def quoted(word: str) -> str:
    """`word` in single quotes, as YAML text."""
    return "'" + word.replace("'", "''") + "'"
