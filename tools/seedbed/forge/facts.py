"""Everything that decides what is said on a pull request. Each fact names who vouches for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from seedbed.forge.check_report import CheckReportFile
from seedbed.forge.sections import Sections

if TYPE_CHECKING:  # a check is published without loading what generates
    from seedbed.generation.preview import Preview


@dataclass(frozen=True, slots=True)
class Review:
    """The last word of one reviewer; `state` is the forge's own word, `commit` the one that was looked at.

    `counts` says whether the forge lets the reviewer decide: anybody may review, members and collaborators decide.
    """

    login: str
    state: str
    commit: str
    at: datetime
    counts: bool = True


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request as the forge tells it. `newcomer`: it is the author's first in this repository. `changes_own_check`: it
    brings other workflows, by which it is checked itself."""

    number: int
    head: str
    author: str
    opened: datetime
    draft: bool = False
    open: bool = True
    newcomer: bool = False
    labels: frozenset[str] = frozenset()
    assignees: frozenset[str] = frozenset()
    asked_teams: frozenset[str] = frozenset()
    reviews: tuple[Review, ...] = ()
    changes_own_check: bool = False


@dataclass(frozen=True, slots=True)
class OwnComment:
    """A comment that is ours, written at `at`."""

    id: int
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Owners:
    """Whom the base's CODEOWNERS names for the changed leaves: logins of people, short names of teams."""

    people: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckRun:
    """How the check's run ended, by the forge's event, and what it left, which a stranger may have written.

    `problem` says in our words why there is no report. `queue`: it checked the pull request in the merge queue, on top
    of what would be merged before it.
    """

    head: str
    conclusion: str
    url: str
    report: CheckReportFile | None
    problem: str | None = None
    queue: bool = False

    def of(self, head: str) -> CheckRun:
        """The run as one of the pull request whose last commit is `head`: the queue checks a merge of it."""
        return replace(self, head=head)


@dataclass(frozen=True, slots=True)
class PreviewRun:
    """A preview of `head` that the generating job left; `problem` says in our words why there is none. `outdated`: the branch
    began where other settings held, by which none is made."""

    head: str
    url: str
    preview: Preview | None
    problem: str | None = None
    outdated: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known at `now`. `run` is None where nothing ran: somebody reviewed, pushed, closed or reopened it; `pushed`: it
    was the author, with new commits."""

    pull_request: PullRequest
    now: datetime
    run: CheckRun | PreviewRun | None
    owners: Owners = Owners()
    comment: OwnComment | None = None
    pushed: bool = False
    doubles: tuple[OwnComment, ...] = ()

    @property
    def said(self) -> Sections:
        """What the comment says so far."""
        return Sections.read(self.comment.body) if self.comment else Sections()
