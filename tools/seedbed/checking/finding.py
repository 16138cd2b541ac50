"""A finding: one fault found by one rule, with everything a report needs to show it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from seedbed.taxonomy.leaf import Span, YamlPath


class Severity(StrEnum):
    """Only an error that the change introduces fails a check; a hint is about style and never does."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


class Status(StrEnum):
    """A finding against the base of the change."""

    INTRODUCED = "introduced"
    ALREADY_THERE = "already there"
    HEALED = "healed"


@dataclass(frozen=True, slots=True)
class Fix:
    """Replace `span` by `text`; `safe` when the author's meaning is certainly kept."""

    span: Span
    text: str
    safe: bool


HERE_TOO = "here too"
"""What a format that wants words for every place says of one without a message."""


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that the finding speaks of, such as the first of two equal questions.

    Without a message it is one more place of the same fault, of which the finding's own message tells.
    """

    path: str
    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault. `message` says what was found, what was expected and why; `help` says what to do next."""

    code: str  # such as SB101
    severity: Severity
    path: str  # posix path of the file in the repository
    span: Span
    message: str
    yaml_path: YamlPath = ()
    value: str = ""
    help: str | None = None
    fix: Fix | None = None
    related: tuple[Related, ...] = ()
    status: Status = Status.INTRODUCED
    secret: bool = False  # whether the span holds what no report may repeat

    @property
    def fingerprint(self) -> str:
        """32 hex digits that stay when lines move: from the rule, the file, the place in the YAML and the value."""
        parts = (self.code, self.path, "/".join(map(str, self.yaml_path)), self.value)
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]

    @property
    def order(self) -> tuple[str, Span, str, str]:
        """Sort key: by file, then place, then code."""
        return (self.path, self.span, self.code, self.fingerprint)
