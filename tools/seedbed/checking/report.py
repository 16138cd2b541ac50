"""What a check found, ready for any report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from seedbed.checking.finding import Finding
from seedbed.checking.verdict import Verdict, fails
from seedbed.config import IgnoredFindings


@dataclass(frozen=True, slots=True)
class CheckedLeaf:
    """One leaf that was looked at. `change` is one of added, edited, renamed, removed, unchanged."""

    path: str
    name: str
    blob: str | None  # None for a removed leaf
    change: str
    verdict: Verdict
    old_path: str | None = None


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Findings and leaves in the order of their paths.

    `base` and `head` are commit ids; `head` is None for the working tree, `base` is None when every leaf was checked for
    its own sake (`--all`): then there is nothing to compare with and every error fails.
    """

    rung: str  # how the base was found
    base: str | None
    head: str | None
    findings: tuple[Finding, ...]
    leaves: tuple[CheckedLeaf, ...]
    sources: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), compare=False)
    """Text of each file that a finding points into, by path."""
    documentation_url: str | None = field(default=None, compare=False)
    """Where the manual pages stand, by the settings that govern the check: a change cannot point its reviewers elsewhere."""
    ignored: tuple[tuple[IgnoredFindings, int], ...] = ()
    """Ignores of the settings that covered a finding, and how many each."""

    @property
    def failed(self) -> bool:
        """Whether the change introduces an error."""
        return any(fails(finding) for finding in self.findings)
