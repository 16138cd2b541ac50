"""Characters that no leaf needs, found quickly, and said in words."""

from __future__ import annotations

import re
import unicodedata

from seedbed.taxonomy.leaf import Fault, Span, YamlPath

_BASIC = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")
"""Controls, lone surrogates, noncharacters, and the separators that YAML 1.1 takes for line breaks and 1.2 does not."""

_SUPPLEMENTARY = re.compile(
    "["
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000))
    + "]"
)
"""The noncharacters beyond U+FFFF; a class that mixes both planes is searched ten times slower."""

_LONE_RETURN = re.compile("\r(?!\n)")


def unwanted_at(text: str) -> int | None:
    """The offset of the first character of `text` that cannot stand in a leaf; a `\\r` may only precede a `\\n`."""
    found = [_BASIC.search(text)]
    if "\r" in text:
        found.append(_LONE_RETURN.search(text))
    if not text.isascii():
        found.append(_SUPPLEMENTARY.search(text))
    return min((match.start() for match in found if match is not None), default=None)


def unwanted_in_value(value: str) -> str | None:
    """The first unwanted character of a value, where even a carriage return before a line break was asked for."""
    at = unwanted_at(value)
    asked_for = value.find("\r")
    if asked_for >= 0 and (at is None or asked_for < at):
        at = asked_for
    return None if at is None else value[at]


def character_fault(character: str, span: Span, yaml_path: YamlPath) -> Fault:
    """The fault of a character that readers, terminals and tokenizers disagree on."""
    called = unicodedata.name(character, "")
    return Fault(
        "control_character",
        f"the character U+{ord(character):04X}{' ' + called if called else ''} cannot stand in a leaf: readers, "
        "terminals and tokenizers disagree on it",
        span,
        yaml_path,
        value=f"U+{ord(character):04X}",
        help="remove it, or write what it stands for in words",
    )
