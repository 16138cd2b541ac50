"""What is kept of a check's run, in the comment itself: enough to say where the pull request stands after a review."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

URL = re.compile(r"https?://[\w./:-]{1,500}\Z", re.ASCII)
"""An address that can stand in a link as it is."""
_TEXT = re.compile(r"[\w .,'-]{0,200}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run of the check in figures. `failed` is the report's own word, None where no report could be read; `problem`
    says why. `since` is the moment from which the same side has had to act."""

    conclusion: str
    url: str
    failed: bool | None
    problem: str = ""
    queue: bool = False
    errors: int = 0
    warnings: int = 0
    failing: int = 0  # leaves
    knowledge: int = 0  # leaves that are there
    skills: int = 0
    removed: int = 0
    next: str = ""
    since: str = ""

    @property
    def leaves(self) -> int:
        """How many leaves differ."""
        return self.knowledge + self.skills + self.removed

    @property
    def waits_since(self) -> datetime | None:
        """`since` as a moment."""
        return datetime.fromisoformat(self.since) if self.since else None

    def to_json(self) -> dict[str, Any]:
        """What differs from the defaults."""
        defaults = {field.name: field.default for field in fields(self)}
        return {name: value for name, value in asdict(self).items() if value != defaults[name]}

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Outcome:
        """Raises TypeError or ValueError for what `to_json` does not write."""
        found = cls(**state)
        plain = (found.conclusion, found.problem, found.next)
        counts = (found.errors, found.warnings, found.failing, found.knowledge, found.skills, found.removed)
        if (
            not all(isinstance(text, str) and _TEXT.match(text) for text in plain)
            or not (isinstance(found.url, str) and URL.match(found.url))
            or not all(type(count) is int and count >= 0 for count in counts)
            or found.failed not in (None, False, True)
            or (found.waits_since or datetime.now().astimezone()).tzinfo is None
        ):
            raise ValueError("not an outcome")
        return found
