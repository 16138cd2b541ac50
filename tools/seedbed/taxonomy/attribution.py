"""`attribution.txt`: who made the work that a leaf draws on, where it is, and under which licence."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

FILE_NAME = "attribution.txt"

_FIELD = re.compile(r"\s*(?:[-*]\s+)?(?P<name>[A-Za-z][^:\n]{0,60}?)\s*:\s*(?P<value>.*?)\s*\Z")
_LICENCE_WORDS = ("license", "licence")
_SPDX = re.compile(r"[A-Za-z0-9]+(?:[.+-][A-Za-z0-9]+)*\+?")

_LICENCES: Mapping[str, str] = MappingProxyType(
    {
        "apache 2.0": "Apache-2.0",
        "apache license 2.0": "Apache-2.0",
        "apache license version 2.0": "Apache-2.0",
        "apache-2": "Apache-2.0",
        "apache2": "Apache-2.0",
        "bsd": "BSD-3-Clause",
        "cc by 4.0": "CC-BY-4.0",
        "cc by-sa 3.0": "CC-BY-SA-3.0",
        "cc by-sa 4.0": "CC-BY-SA-4.0",
        "cc0": "CC0-1.0",
        "cc0 1.0": "CC0-1.0",
        "creative commons attribution 4.0": "CC-BY-4.0",
        "creative commons attribution 4.0 international": "CC-BY-4.0",
        "creative commons attribution-sharealike 4.0": "CC-BY-SA-4.0",
        "creative commons attribution-sharealike 4.0 international": "CC-BY-SA-4.0",
        "mit license": "MIT",
        "public domain": "LicenseRef-Public-Domain",
        "mit": "MIT",
    }
)
"""Names that people write for a licence, in lower case, with the SPDX id that is meant."""

_SHORT_IDS = frozenset({"0BSD", "ISC", "MIT", "MIT-0", "Unlicense", "WTFPL", "Zlib"})
"""SPDX ids without a version; all others end in one, such as `CC-BY-4.0`."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """What an `attribution.txt` says. `fields` holds every line as it was written, by name in lower case."""

    title: str | None = None
    link: str | None = None
    revision: str | None = None
    licence: str | None = None  # SPDX id, or None where the text names none that is recognised
    licence_text: str = ""  # what was written
    licences: tuple[str | None, ...] = ()  # of every work that is named, each once, as `licence` has it
    authors: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@lru_cache(maxsize=32)  # most leaves share a few
def read_attribution(text: str) -> Attribution:
    """Read an `attribution.txt` of `Name: value` lines; what cannot be read is left out, never refused.

    A line without a name goes on with the value above it. A name that stands several times, as when a leaf draws on
    several works, keeps its first value for `title`, `link` and `licence`, and all of them for `authors`.
    """
    entries: list[tuple[str, list[str]]] = []
    for line in text.removeprefix("\ufeff").splitlines():
        match = _FIELD.match(line)
        if match is not None and not _is_address(match["name"], match["value"]):
            entries.append((" ".join(match["name"].lower().split()), [match["value"]]))
        elif entries and line.strip():
            entries[-1][1].append(line.strip())
    named = [(name, " ".join(part for part in parts if part)) for name, parts in entries]
    fields: dict[str, str] = {}
    for name, value in named:
        if value:
            fields.setdefault(name, value)
    licence_text = _first(fields, *_LICENCE_WORDS)
    return Attribution(
        title=_first(fields, "title") or None,
        link=_first(fields, "link", "url", "source") or None,
        revision=_first(fields, "revision", "version") or None,
        licence=spdx_identifier(licence_text),
        licence_text=licence_text,
        licences=tuple(
            dict.fromkeys(
                spdx_identifier(value) for name, value in named if value and _has(name, _LICENCE_WORDS)
            )
        ),
        authors=tuple(
            dict.fromkeys(author for name, value in named if _is_author(name) for author in _split(value))
        ),
        fields=MappingProxyType(fields),
    )


def spdx_identifier(written: str) -> str | None:
    """The SPDX id for a licence as people write it; an id is kept as it is, a sentence gives None."""
    written = written.strip().strip("<>").removesuffix(".").strip()
    bracketed = re.search(r"\(([^()]{2,40})\)\Z", written)
    for name in (written, written.split("(", 1)[0], bracketed.group(1) if bracketed else ""):
        known = _LICENCES.get(" ".join(name.lower().replace(",", " ").split()))
        if known is not None:
            return known
    if _SPDX.fullmatch(written) is None:
        return None
    named = written in _SHORT_IDS or written.startswith("LicenseRef-")
    return written if named or re.search(r"-\d", written) else None


def _is_address(name: str, value: str) -> bool:
    return name.lower() in {"http", "https"} and value.startswith("//")


def _is_author(name: str) -> bool:
    return any(word in name for word in ("creator", "author", "contributor"))


def _first(fields: Mapping[str, str], *words: str) -> str:
    """The value of the first field whose name has one of the words."""
    return next((value for name, value in fields.items() if _has(name, words)), "")


def _has(name: str, words: Sequence[str]) -> bool:
    return any(word in name.split() for word in words)


def _split(names: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in re.split(r"[,;]| and ", names) if part.strip())
