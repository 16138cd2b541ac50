"""Everything that decides what is said on a pull request. Each fact names who vouches for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from seedbed.forge.check_report import CheckReportFile
from seedbed.forge.sections import Sections

if TYPE_CHECKING:  # a check is published without loading what generates
    from seedbed.generation.preview import Preview


@dataclass(frozen=True, slots=True)
class Review:
    """The last word of one reviewer; `state` is the forge's own word, `commit` the one that was looked at."""

    login: str
    state: str
    commit: str


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request as the forge tells it."""

    number: int
    head: str
    author: str
    draft: bool = False
    open: bool = True
    labels: frozenset[str] = frozenset()
    assignees: frozenset[str] = frozenset()
    reviews: tuple[Review, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnComment:
    """The one comment that is ours."""

    id: int
    body: str


@dataclass(frozen=True, slots=True)
class CheckRun:
    """How the check's run ended, by the forge's event, and what it left, which a stranger may have written.

    `problem` says in our words why there is no report.
    """

    head: str
    conclusion: str
    url: str
    report: CheckReportFile | None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class PreviewRun:
    """A preview of `head` that the generating job left; `problem` says in our words why there is none."""

    head: str
    url: str
    preview: Preview | None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known at `now`. `owners` are the people whom the base's CODEOWNERS names for the changed leaves."""

    pull_request: PullRequest
    now: datetime
    run: CheckRun | PreviewRun
    owners: tuple[str, ...] = ()
    comment: OwnComment | None = None

    @property
    def said(self) -> Sections:
        """What the comment says so far."""
        return Sections.read(self.comment.body) if self.comment else Sections()
