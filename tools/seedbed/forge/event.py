"""The forge's own account of what happened, from the file that it gives its runners. It names pull request and commit."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seedbed.errors import UsageError

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_QUEUED = re.compile(r"gh-readonly-queue/.+/pr-(\d{1,12})-[0-9a-f]{40}(?:[0-9a-f]{24})?")
_COMMAND = re.compile(r"/preview ([0-9a-f]{40}(?:[0-9a-f]{24})?)\s*")
_MEMBERS = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
_SIZE_LIMIT = 8 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Event:
    """A run that ended (`workflow_run`), a pull request that something happened to, or a maintainer's command.

    `name` is what started it all: pull_request, pull_request_review, merge_group or issue_comment; `action` what
    happened, where the forge says. `numbers` is empty for a run of a fork's pull request: the forge leaves it out
    there, and the pull request is found by its head (`branch` of `owner`; no owner: by its commit, since the fork is gone).
    `head` is the commit that the run is about.
    """

    name: str
    head: str
    conclusion: str
    url: str
    numbers: tuple[int, ...]
    owner: str = ""
    branch: str = ""
    action: str = ""


def read_event(path: Path, *, run_url: str) -> Event | None:
    """The event; None for one that no pull request has a part in. Raises UsageError for what is none of these."""
    try:
        with path.open("rb") as file:
            event = json.loads(file.read(_SIZE_LIMIT))
        if "workflow_run" in event:
            return _of_run(event["workflow_run"], event.get("repository"))
        if "comment" in event:
            return _of_command(event, run_url)
        pull_request = event["pull_request"]
        return Event(
            "pull_request_review" if "review" in event else "pull_request",
            _commit(pull_request["head"]["sha"]),
            "",
            run_url,
            (int(pull_request["number"]),),
            action=str(event.get("action", "")),
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(
            "the event is neither a run that ended nor a pull request",
            hint="run `seedbed publish` on workflow_run or pull_request_target; --event names the event's file",
        ) from error


def event_of_gitlab(environment: Mapping[str, str]) -> Event | None:
    """The same by GitLab's variables; None outside of a merge request's pipeline. Raises UsageError without a commit."""
    number = environment.get("CI_MERGE_REQUEST_IID", "")
    if not (number.isascii() and number.isdigit()):
        return None
    # In a pipeline of the merged result CI_COMMIT_SHA is the merge, and the last commit has its own variable.
    head = environment.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or environment.get("CI_COMMIT_SHA")
    try:
        commit = _commit(head)
    except ValueError as error:
        raise UsageError(
            "the pipeline names no commit", hint="CI_COMMIT_SHA is set by GitLab's runner"
        ) from error
    return Event("pull_request", commit, "", environment.get("CI_PIPELINE_URL", ""), (int(number),))


def _of_run(run: dict[str, Any], here: dict[str, Any] | None) -> Event | None:
    name, branch = str(run["event"]), str(run["head_branch"])
    numbers = tuple(int(one["number"]) for one in run["pull_requests"] if _is_of(one, here))
    if name == "merge_group":  # the queue's own branch, which nobody else can make, names the pull request
        queued = _QUEUED.fullmatch(branch)
        numbers = (int(queued[1]),) if queued else ()
    if name not in ("pull_request", "pull_request_review") and not numbers:
        return None
    repository = run["head_repository"]  # none once the fork is deleted
    owner = "" if repository is None else str(repository["owner"]["login"])
    return Event(
        name, _commit(run["head_sha"]), str(run["conclusion"]), str(run["html_url"]), numbers, owner, branch
    )


def _is_of(pull_request: dict[str, Any], here: dict[str, Any] | None) -> bool:
    """The forge lists pull requests of the branch wherever they lead to, upstream too, each with a number of there."""
    return here is None or "base" not in pull_request or pull_request["base"]["repo"]["id"] == here["id"]


def _of_command(event: dict[str, Any], run_url: str) -> Event | None:
    """`/preview COMMIT`, said by somebody who may, for the commit that was looked at; every other comment is talk."""
    comment, issue = event["comment"], event["issue"]
    command = _COMMAND.fullmatch(str(comment["body"]))
    if command is None or comment["author_association"] not in _MEMBERS or event["action"] != "created":
        return None
    if "pull_request" not in issue:
        return None
    return Event("issue_comment", command[1], "", run_url, (int(issue["number"]),), action="created")


def _commit(text: object) -> str:
    if not isinstance(text, str) or not _COMMIT.fullmatch(text):
        raise ValueError("no commit id")
    return text
