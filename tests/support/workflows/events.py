"""Events as the forge records them (tests/workflows/events/), with the names, commits and texts of one case filled in."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from support.workflows.forge_place import Event

RECORDED = Path(__file__).parents[2] / "workflows" / "events"
_BLANK = re.compile(r"\{([a-z]+)\}")

USUAL: dict[str, Any] = {
    "number": 7,
    "author": "robin",
    "sender": "ada",
    "branch": "rivers",
    "title": "Rivers of Europe",
    "body": "Who needs this: whoever asks for rivers.",
    "association": "CONTRIBUTOR",
    "labels": [],
    "label": "preview",
    "action": "opened",
    "inputs": {},
    "cron": "17 4 * * *",
    "workflow": "check",
    "state": "changes_requested",
}


def recorded(name: str, **case: Any) -> dict[str, Any]:
    """The payload of an event; what stands in braces is filled in, a whole value by a value of any type."""
    values = USUAL | case

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: filled(one) for key, one in value.items()}
        if isinstance(value, list):
            return [filled(one) for one in value]
        if not isinstance(value, str):
            return value
        whole = _BLANK.fullmatch(value)
        return values[whole[1]] if whole else _BLANK.sub(lambda blank: str(values[blank[1]]), value)

    payload: dict[str, Any] = filled(json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8")))
    return payload


def pull_request(head: str, base: str, merge: str, **case: Any) -> Event:
    """A pull request from a fork that was opened or pushed to; its run is for the merge that the forge made."""
    payload = recorded("pull_request", head=head, base=base, **case)
    branch = payload["pull_request"]["head"]["ref"]
    return Event(
        "pull_request", payload, "refs/pull/7/merge", merge, base_ref="main", head_ref=branch, from_fork=True
    )


def pull_request_target(name: str, head: str, base: str, **case: Any) -> Event:
    """The same for a workflow that runs with the repository's own rights: for the tip of the default branch."""
    payload = recorded(name, head=head, base=base, **case)
    return Event("pull_request_target", payload, "refs/heads/main", base, base_ref="main")


def merge_group(head: str, base: str) -> Event:
    payload = recorded("merge_group", head=head, base=base)
    return Event("merge_group", payload, payload["merge_group"]["head_ref"], head)


def push(head: str, before: str) -> Event:
    return Event("push", recorded("push", head=head, base=before), "refs/heads/main", head)


def workflow_run(run: int, event: Event, conclusion: str, base: str, **case: Any) -> Event:
    """A run of the check that ended, as the publisher hears of it."""
    pull = event.payload.get("pull_request")
    head = pull["head"]["sha"] if pull else event.sha
    branch = pull["head"]["ref"] if pull else event.ref.removeprefix("refs/heads/")
    payload = recorded(
        "workflow_run",
        run=run,
        head=head,
        event=event.name,
        conclusion=conclusion,
        **({"branch": branch} | case),
    )
    return Event("workflow_run", payload, "refs/heads/main", base)


def workflow_dispatch(workflow: str, head: str, **inputs: str) -> Event:
    payload = recorded("workflow_dispatch", workflow=workflow, inputs=inputs)
    return Event("workflow_dispatch", payload, "refs/heads/main", head)


def review(head: str, base: str, merge: str, **case: Any) -> Event:
    """Somebody reviewed the pull request of a fork; its run, too, is for the merge and has no token that writes."""
    payload = recorded("pull_request_review", head=head, base=base, **case)
    return Event("pull_request_review", payload, "refs/pull/7/merge", merge, base_ref="main", from_fork=True)


def comment(base: str, body: str, **case: Any) -> Event:
    """Somebody, a member unless said otherwise, comments on the pull request."""
    payload = recorded("issue_comment", body=body, **({"association": "MEMBER"} | case))
    return Event("issue_comment", payload, "refs/heads/main", base)


def schedule(head: str) -> Event:
    return Event("schedule", recorded("schedule"), "refs/heads/main", head)
