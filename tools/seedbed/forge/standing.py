"""Where a pull request stands: who acts next, and what is still to be done. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from seedbed.checking.verdict import Verdict
from seedbed.forge.check_report import CheckReportFile
from seedbed.forge.facts import CheckRun, PullRequest


class Next(StrEnum):
    """Who has the ball."""

    AUTHOR = "author"
    MAINTAINER = "maintainer"


class Standing(StrEnum):
    """What holds the pull request, the first that is true."""

    NO_REPORT = "the check left no report that can be read"
    CONTRADICTED = "the report and the run disagree"
    FAILING = "a leaf fails"
    DRAFT = "it is a draft"
    CHANGES_REQUESTED = "a reviewer asked for changes"
    NO_LEAF = "no leaf differs"
    READY = "it waits for a review"
    APPROVED = "an owner approved this commit"

    @property
    def next(self) -> Next:
        """Whose move it is."""
        authors = (Standing.FAILING, Standing.DRAFT, Standing.CHANGES_REQUESTED)
        return Next.AUTHOR if self in authors else Next.MAINTAINER


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the checklist; `done` is computed, never ticked by hand."""

    text: str
    done: bool


def standing(run: CheckRun, pull_request: PullRequest) -> Standing:
    """Where the pull request stands after this run of the check."""
    report = run.report
    if report is None:
        return Standing.NO_REPORT
    if report.failed != (run.conclusion != "success"):
        return Standing.CONTRADICTED
    if report.failed:
        return Standing.FAILING
    if pull_request.draft:
        return Standing.DRAFT
    if _changes_requested(pull_request):
        return Standing.CHANGES_REQUESTED
    if not report.leaves:
        return Standing.NO_LEAF
    return Standing.APPROVED if _approved(pull_request) else Standing.READY


def _changes_requested(pull_request: PullRequest) -> bool:
    """A request for changes holds until the author pushes; then it is the reviewer's turn again."""
    return any(
        review.state == "CHANGES_REQUESTED" and review.commit == pull_request.head
        for review in pull_request.reviews
    )


def _approved(pull_request: PullRequest) -> bool:
    return any(
        review.state == "APPROVED" and review.commit == pull_request.head for review in pull_request.reviews
    )


def checklist(report: CheckReportFile, pull_request: PullRequest) -> tuple[Item, ...]:
    """What stands between this pull request and the main branch."""
    failing = any(leaf.verdict is Verdict.FAIL for leaf in report.leaves)
    items = [Item("Every changed leaf passes the check", not failing)]
    present = [leaf for leaf in report.leaves if leaf.verdict is not Verdict.REMOVED]
    if any(leaf.kind == "knowledge" for leaf in present):
        items.append(Item("A reviewer held the answers against the documents", _approved(pull_request)))
    elif present:
        items.append(Item("A reviewer read the answers and finds them right", _approved(pull_request)))
    if len(present) < len(report.leaves):
        items.append(Item("A reviewer agrees that what goes is no longer taught", _approved(pull_request)))
    return tuple(items)
