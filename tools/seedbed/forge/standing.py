"""Where a pull request stands: who acts next, and what is still to be done. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from seedbed.checking.verdict import Verdict
from seedbed.forge.facts import CheckRun, PullRequest
from seedbed.forge.outcome import URL, Outcome


class Next(StrEnum):
    """Who has the ball."""

    AUTHOR = "author"
    MAINTAINER = "maintainer"


class Standing(StrEnum):
    """What holds the pull request, the first that is true."""

    PENDING = "its last commit is not checked yet"
    NOT_LET = "the check waits to be let run"
    STOPPED = "the check was stopped"
    NO_REPORT = "the check left no report that can be read"
    CONTRADICTED = "the report and the run disagree"
    LEFT_QUEUE = "it fails on top of what is merged before it"
    FAILING = "a leaf fails"
    DRAFT = "it is a draft"
    CHANGES_REQUESTED = "a reviewer asked for changes"
    NO_LEAF = "no leaf differs"
    READY = "it waits for a review"
    APPROVED = "an owner approved this commit"

    @property
    def next(self) -> Next | None:
        """Whose move it is; None while a machine has it."""
        if self is Standing.PENDING:
            return None
        authors = (Standing.LEFT_QUEUE, Standing.FAILING, Standing.DRAFT, Standing.CHANGES_REQUESTED)
        return Next.AUTHOR if self in authors else Next.MAINTAINER


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the checklist; `done` is computed, never ticked by hand."""

    text: str
    done: bool


def outcome_of(run: CheckRun) -> Outcome:
    """The figures of a run; what a stranger may have written enters as counts alone."""
    report = run.report
    word = re.sub(r"[^\w-]", "", run.conclusion, flags=re.ASCII)[:40]
    url = run.url if URL.match(run.url) else "https://invalid"
    if report is None:
        problem = re.sub(r"[^\w .,'-]", "", run.problem or "it left no report", flags=re.ASCII)[:200]
        return Outcome(word, url, None, problem, run.queue)
    there = [leaf for leaf in report.leaves if leaf.verdict is not Verdict.REMOVED]
    knowledge = sum(leaf.kind == "knowledge" for leaf in there)
    introduced = [finding for finding in report.findings if finding.introduced]
    return Outcome(
        word,
        url,
        report.failed,
        queue=run.queue,
        errors=sum(finding.fails for finding in introduced),
        warnings=sum(not finding.fails for finding in introduced),
        failing=sum(leaf.verdict is Verdict.FAIL for leaf in report.leaves),
        knowledge=knowledge,
        skills=len(there) - knowledge + report.more_leaves,
        removed=len(report.leaves) - len(there),
    )


def standing(outcome: Outcome | None, pull_request: PullRequest) -> Standing:
    """Where the pull request stands after a check of its last commit; None where that has not ended yet."""
    if outcome is None:
        return Standing.PENDING
    if outcome.failed is None:
        by_hand = {"action_required": Standing.NOT_LET, "cancelled": Standing.STOPPED}
        return by_hand.get(outcome.conclusion, Standing.NO_REPORT)
    if outcome.failed != (outcome.conclusion != "success"):
        return Standing.CONTRADICTED
    if outcome.failed:
        return Standing.LEFT_QUEUE if outcome.queue else Standing.FAILING
    if pull_request.draft:
        return Standing.DRAFT
    if _said(
        pull_request, "CHANGES_REQUESTED"
    ):  # until the author pushes; then it is the reviewer's turn again
        return Standing.CHANGES_REQUESTED
    if not outcome.leaves:
        return Standing.NO_LEAF
    return Standing.APPROVED if _said(pull_request, "APPROVED") else Standing.READY


def _said(pull_request: PullRequest, state: str) -> bool:
    """Whether somebody who decides said so of the last commit."""
    return any(
        review.state == state and review.commit == pull_request.head and review.counts
        for review in pull_request.reviews
    )


def checklist(outcome: Outcome, pull_request: PullRequest) -> tuple[Item, ...]:
    """What stands between this pull request and the main branch."""
    approved = _said(pull_request, "APPROVED")
    items = [Item("Every changed leaf passes the check", not outcome.failing)]
    if outcome.knowledge:
        items.append(Item("A reviewer holds the answers against the documents", approved))
    elif outcome.skills:
        items.append(Item("A reviewer reads the answers and finds them right", approved))
    if outcome.removed:
        items.append(Item("A reviewer agrees that what goes is no longer taught", approved))
    return tuple(items)
