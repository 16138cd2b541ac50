"""The forge's own account of what happened, from the file that it gives its runners. It names pull request and commit."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seedbed.errors import UsageError

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class Event:
    """A run that ended (`workflow_run`), or a pull request that something happened to.

    `numbers` is empty for a run of a fork's pull request: the forge leaves it out there, and the pull request is found
    by its head (`branch` of `owner`).
    """

    head: str
    conclusion: str
    url: str
    numbers: tuple[int, ...]
    owner: str = ""
    branch: str = ""


def read_event(path: Path, *, run_url: str) -> Event | None:
    """The event; None for a run that no pull request started. Raises UsageError for what is neither."""
    try:
        event = json.loads(path.read_bytes())
        if "workflow_run" in event:
            return _of_run(event["workflow_run"])
        pull_request = event["pull_request"]
        return Event(_commit(pull_request["head"]["sha"]), "", run_url, (int(pull_request["number"]),))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            "the event is neither a run that ended nor a pull request",
            hint="run `seedbed publish` on workflow_run or pull_request_target; --event names the event's file",
        ) from error


def _of_run(run: dict[str, Any]) -> Event | None:
    if run["event"] != "pull_request":
        return None
    return Event(
        _commit(run["head_sha"]),
        str(run["conclusion"]),
        str(run["html_url"]),
        tuple(int(pull_request["number"]) for pull_request in run["pull_requests"]),
        str(run["head_repository"]["owner"]["login"]),
        str(run["head_branch"]),
    )


def _commit(text: object) -> str:
    if not isinstance(text, str) or not _COMMIT.fullmatch(text):
        raise ValueError("no commit id")
    return text
