"""Who proposes the change that is checked, and its last commit, as the forge tells its runners. Reads the environment that it is given."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

_PULL_REQUEST_EVENTS = frozenset({"pull_request", "pull_request_target"})
_EVENT_LIMIT = 8 * 1024 * 1024


def author_of_change(environment: Mapping[str, str]) -> str | None:
    """The login of who opened the pull or merge request; None outside of one, and where the forge does not say.

    GitHub: the author in the event's file, else GITHUB_ACTOR (who may also be somebody who ran the job again). GitLab:
    GITLAB_USER_LOGIN in the pipeline of a merge request.
    """
    if environment.get("GITHUB_EVENT_NAME") in _PULL_REQUEST_EVENTS:
        return (
            _in_event(environment.get("GITHUB_EVENT_PATH"), "user", "login")
            or environment.get("GITHUB_ACTOR")
            or None
        )
    if environment.get("CI_MERGE_REQUEST_IID"):
        return environment.get("GITLAB_USER_LOGIN") or None
    return None


def head_of_change(environment: Mapping[str, str]) -> str | None:
    """The last commit of the pull or merge request, which is not the merge that CI checks out; None where unknown."""
    head = None
    if environment.get("GITHUB_EVENT_NAME") in _PULL_REQUEST_EVENTS:
        head = _in_event(environment.get("GITHUB_EVENT_PATH"), "head", "sha")
    elif environment.get("CI_MERGE_REQUEST_IID"):
        head = environment.get("CI_COMMIT_SHA")
    return head if head and re.fullmatch(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", head) else None


def _in_event(path: str | None, *keys: str) -> str | None:
    """A value below `pull_request` in the event; None when the file is not there or says something else."""
    if not path:
        return None
    try:
        file = Path(path)
        event = json.loads(file.read_bytes()) if file.stat().st_size <= _EVENT_LIMIT else None
    except (OSError, ValueError):
        return None  # a runner of another make: GITHUB_ACTOR is what is left
    found: object = event
    for key in ("pull_request", *keys):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, str) and found else None
