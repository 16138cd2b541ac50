"""No leaf holds personal data of a real person.

A model that was taught an address or a number can tell it to anybody, and it cannot be taken back. E-mail addresses,
bank accounts (IBAN) and payment cards are recognised; those whose check digits are wrong, and addresses in domains kept
for examples (RFC 2606), are not reported. What was found is shown in no report.

Warns: an e-mail address of a company in an answer

Passes: `robin@example.org`, `robin@company.test`

To fix it: use an address at `example.org`, or a number that cannot exist.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import all_texts, holds_any, place_of, together
from seedbed.taxonomy.leaf import LeafFile

CODE = "SB316"
SEVERITY = Severity.WARNING

_EMAIL = r"[A-Za-z0-9_.+%-]{1,64}@(?P<domain>(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24})\b"
_RESERVED = r"(?i)(?:.*\.)?(?:(?:example|test|invalid|localhost|local)|example\.(?:com|org|net|edu)|users\.noreply\.github\.com)"
_IBAN = r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"
_CARD = r"(?<![\d.-])(?:4\d{3}|5[1-5]\d{2}|3[47]\d{2}|6011)(?:[ -]?\d){9,12}(?![\d.-])"

_SIGNS = "@0123456789"
"""One of these stands in an address of a person and in any number of ASCII digits."""
_LONG_NUMBER = re.compile(r"\d[\dA-Z -]{9}")
"""Stands in every account and card; a search for it is quick."""


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """One finding for each kind in a text of the seeds, at the first; a document's address is no person's."""
    if together(leaf).isascii() and not holds_any(leaf, _SIGNS):
        return
    for path, text in all_texts(leaf):
        if path[:1] in (("document",), ("created_by",)):
            continue
        for what, found, count in _personal(text):
            more = f" (and {count - 1} more here)" if count > 1 else ""
            yield Finding(
                CODE,
                SEVERITY,
                leaf.path,
                place_of(leaf, path, found),
                f"this looks like {what} of a person{more}; a model could tell it to anybody",
                path,
                hashlib.blake2b(found.encode(), digest_size=8).hexdigest(),
                "use an address at example.org, or a number that cannot exist",
                secret=True,
            )


def _personal(text: str) -> Iterator[tuple[str, str, int]]:
    """What is found, its first occurrence, and how many different ones there are."""
    numbers = _LONG_NUMBER.search(text) is not None
    kinds = (
        (
            "the e-mail address",
            _addresses(text) if "@" in text else [],
        ),
        (
            "the bank account",
            [m.group() for m in re.finditer(_IBAN, text) if _valid_iban(m.group())] if numbers else [],
        ),
        (
            "the payment card",
            [m.group() for m in re.finditer(_CARD, text) if _valid_card(m.group())] if numbers else [],
        ),
    )
    for what, found in kinds:
        if found:
            yield what, found[0], len(set(found))


def _addresses(text: str) -> list[str]:
    return [
        match.group() for match in re.finditer(_EMAIL, text) if not re.fullmatch(_RESERVED, match["domain"])
    ]


def _valid_iban(written: str) -> bool:
    """ISO 13616: moved to the end and read as digits, the whole leaves 1 when divided by 97."""
    plain = written.replace(" ", "")
    return int("".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])) % 97 == 1


def _valid_card(written: str) -> bool:
    """The check digit of ISO/IEC 7812 (Luhn); numbers of one repeated digit are no one's."""
    digits = [int(sign) for sign in written if sign.isdigit()]
    doubled = [
        digit if n % 2 == 0 else sum(divmod(2 * digit, 10)) for n, digit in enumerate(reversed(digits))
    ]
    return sum(doubled) % 10 == 0 and len(set(digits)) > 4
