"""One comment with three parts: where the pull request stands, what the check found, and the preview.

The first line says how long each part is and of which commit it speaks. Parts are found by length and digest and never
by a sign inside the text, since a stranger's text could hold any sign. Where the pull request stands is written anew
each time; of the check its figures are kept for that.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from seedbed.forge.outcome import Outcome

MARKER = "<!-- seedbed:comment:v1 "
"""How the comment begins, by which it is found."""
_FIRST_LINE = re.compile(r"<!-- seedbed:comment:v1 (\{[^<>\n]{0,3000}\}) -->\n")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the comment, and the commit that it speaks of; the check's has its figures."""

    head: str
    text: str
    outcome: Outcome | None = None

    def to_json(self) -> dict[str, Any]:
        """What the first line says of it."""
        kept = {} if self.outcome is None else {"outcome": self.outcome.to_json()}
        return {"head": self.head, "length": len(self.text), "digest": self.digest, **kept}

    @property
    def digest(self) -> str:
        """Of text and figures: a part that somebody edited is known by it."""
        kept = json.dumps(self.outcome.to_json(), sort_keys=True) if self.outcome else ""
        return hashlib.sha256(f"{kept}\n{self.text}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Sections:
    """The parts; None where nothing was said yet, or where a person changed what was."""

    standing: str = ""
    check: Section | None = None
    preview: Section | None = None

    def write(self) -> str:
        """The body of the comment."""
        parts = {"check": self.check, "preview": self.preview}
        state = {name: part.to_json() for name, part in parts.items() if part is not None}
        first = json.dumps({"standing": len(self.standing), **state})
        texts = [part.text for part in parts.values() if part is not None]
        return f"{MARKER}{first} -->\n{self.standing}{''.join(texts)}"

    @classmethod
    def read(cls, body: str) -> Sections:
        """The parts of a body that `write` made; a part that somebody edited is dropped, and made anew in time."""
        whole = body.replace("\r\n", "\n")
        first = _FIRST_LINE.match(whole)
        if first is None:
            return cls()
        try:
            state = json.loads(first[1])
        except (ValueError, RecursionError):
            return cls()
        length = state.get("standing")
        if not isinstance(length, int) or length < 0:
            return cls()
        rest = whole[first.end() :]
        standing, rest = rest[:length], rest[length:]
        check = _section(state.get("check"), rest)
        preview = _section(state.get("preview"), rest[len(check.text) :] if check else rest)
        return cls(standing, check, preview)


def _section(state: Any, text: str) -> Section | None:
    if not isinstance(state, dict):
        return None
    head, length, digest = state.get("head"), state.get("length"), state.get("digest")
    if not (isinstance(head, str) and _COMMIT.fullmatch(head) and isinstance(length, int) and length > 0):
        return None
    try:
        outcome = Outcome.from_json(state["outcome"]) if "outcome" in state else None
    except (TypeError, ValueError):
        return None
    section = Section(head, text[:length], outcome)
    return section if section.digest == digest else None
