"""What a check left for the publisher: plain values, which say nothing about whether they can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

from seedbed.checking.finding import Severity, Status
from seedbed.checking.verdict import Verdict


@dataclass(frozen=True, slots=True)
class ReportedFinding:
    """One finding as the comment shows it. `excerpt` holds the lines of the leaf with carets, or is empty."""

    code: str
    severity: Severity
    status: Status
    path: str
    line: int
    column: int
    message: str
    help: str = ""
    excerpt: str = ""
    safe_fix: bool = False

    @property
    def introduced(self) -> bool:
        """Whether the change brings it."""
        return self.status is Status.INTRODUCED

    @property
    def fails(self) -> bool:
        """Whether it alone makes the check fail."""
        return self.introduced and self.severity is Severity.ERROR


@dataclass(frozen=True, slots=True)
class ReportedLeaf:
    """One changed leaf; `kind` is knowledge, freeform or grounded, None where it could not be read."""

    path: str
    name: str
    blob: str | None
    change: str
    verdict: Verdict
    kind: str | None = None
    old_path: str | None = None
    neighbours: tuple[str, ...] = ()  # names of leaves that share most words with it


@dataclass(frozen=True, slots=True)
class CheckReportFile:
    """One run of `seedbed check`.

    `head` is the last commit of the pull request, `checked` the commit that was looked at (the merge of the two, in a
    pull request), `base` what it was compared with. `more_findings` and `more_leaves` count what found no room.
    """

    version: str
    head: str
    checked: str
    base: str | None
    failed: bool
    findings: tuple[ReportedFinding, ...] = ()
    leaves: tuple[ReportedLeaf, ...] = ()
    more_findings: int = 0
    more_leaves: int = 0
