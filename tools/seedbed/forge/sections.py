"""One comment with two parts, the check and the preview, each brought up to date without the other.

The first line says where each part begins and of which commit it speaks. Parts are found by length and digest and never
by a sign inside the text, since a stranger's text could hold any sign.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

MARKER = "<!-- seedbed:comment:v1 "
"""How the comment begins, by which it is found."""
_FIRST_LINE = re.compile(r"<!-- seedbed:comment:v1 (\{[^<>\n]{0,2000}\}) -->\n")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the comment, and the commit that it speaks of."""

    head: str
    text: str


@dataclass(frozen=True, slots=True)
class Sections:
    """Both parts; None where nothing was said yet, or where a person changed what was."""

    check: Section | None = None
    preview: Section | None = None

    def write(self) -> str:
        """The body of the comment."""
        parts = {"check": self.check, "preview": self.preview}
        state = {
            name: {"head": part.head, "length": len(part.text), "digest": _digest(part.text)}
            for name, part in parts.items()
            if part is not None
        }
        texts = [part.text for part in (self.check, self.preview) if part is not None]
        return f"{MARKER}{json.dumps(state)} -->\n" + "".join(texts)

    @classmethod
    def read(cls, body: str) -> Sections:
        """The parts of a body that `write` made; a part that somebody edited is dropped, and made anew in time."""
        whole = body.replace("\r\n", "\n")
        first = _FIRST_LINE.match(whole)
        if first is None:
            return cls()
        try:
            state = json.loads(first[1])
        except ValueError:
            return cls()
        rest = whole[first.end() :]
        check = _section(state.get("check"), rest)
        preview = _section(state.get("preview"), rest[len(check.text) :] if check else rest)
        return cls(check, preview)


def _section(state: Any, text: str) -> Section | None:
    if not isinstance(state, dict):
        return None
    head, length, digest = state.get("head"), state.get("length"), state.get("digest")
    if not (isinstance(head, str) and _COMMIT.fullmatch(head) and isinstance(length, int) and length > 0):
        return None
    part = text[:length]
    return Section(head, part) if _digest(part) == digest else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
