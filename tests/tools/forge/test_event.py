"""What happened, by the forge's own account: which pull request, which commit; everything else is nothing or an error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.naughty_strings import NAUGHTY
from support.pull_requests import HEAD, RUN

from seedbed.errors import UsageError
from seedbed.forge.event import Event, event_of_gitlab, read_event

QUEUE = f"gh-readonly-queue/main/pr-7-{'a' * 40}"


def workflow_run(**changed: Any) -> dict[str, Any]:
    run = {
        "event": "pull_request",
        "head_sha": HEAD,
        "conclusion": "success",
        "html_url": RUN,
        "pull_requests": [],
        "head_repository": {"owner": {"login": "robin"}},
        "head_branch": "change",
    }
    return {"action": "completed", "workflow_run": run | changed}


def led(number: int, repository: int) -> dict[str, Any]:
    """A pull request as a run lists it, which leads to a repository."""
    return {"number": number, "base": {"ref": "main", "repo": {"id": repository}}}


def command(body: str, **changed: Any) -> dict[str, Any]:
    comment = {"body": body, "author_association": "MEMBER", "user": {"login": "ada"}}
    issue = {"number": 7, "pull_request": {}}
    return {"action": "created", "comment": comment | changed, "issue": issue}


PULL = {"number": 7, "head": {"sha": HEAD}}
REVIEW = {"action": "submitted", "review": {"state": "approved"}, "pull_request": PULL}


def read(folder: Path, event: Any) -> Event | None:
    file = folder / "event.json"
    file.write_text(json.dumps(event), encoding="utf-8")
    return read_event(file, run_url=RUN)


@pytest.mark.parametrize(
    ("event", "name", "numbers", "action"),
    [
        (workflow_run(), "pull_request", (), ""),
        (workflow_run(pull_requests=[{"number": 7}]), "pull_request", (7,), ""),
        (workflow_run(head_repository=None), "pull_request", (), ""),
        (
            workflow_run(pull_requests=[led(7, 1), led(123, 2)]) | {"repository": {"id": 1}},
            "pull_request",
            (7,),
            "",
        ),
        (workflow_run(pull_requests=[led(123, 2)]) | {"repository": {"id": 1}}, "pull_request", (), ""),
        (workflow_run(event="pull_request_review"), "pull_request_review", (), ""),
        (workflow_run(event="merge_group", head_branch=QUEUE), "merge_group", (7,), ""),
        ({"action": "synchronize", "pull_request": PULL}, "pull_request", (7,), "synchronize"),
        (REVIEW, "pull_request_review", (7,), "submitted"),
        (command(f"/preview {HEAD}\r\n"), "issue_comment", (7,), "created"),
    ],
)
def test_which_pull_request(
    event: Any, name: str, numbers: tuple[int, ...], action: str, tmp_path: Path
) -> None:
    found = read(tmp_path, event)
    assert found is not None
    assert (found.name, found.head, found.numbers, found.action) == (name, HEAD, numbers, action)
    assert found.url == RUN


@pytest.mark.parametrize(
    "event",
    [
        workflow_run(event="push"),
        workflow_run(event="schedule"),
        workflow_run(event="merge_group", head_branch="change"),
        workflow_run(event="merge_group", head_branch=f"x/{QUEUE}"),
        command("Nice, thank you!"),
        command("/preview"),
        command("/preview main"),
        command(f"please /preview {HEAD}"),
        command(f"/preview {HEAD} --teacher evil"),
        command(f"/preview {HEAD}", author_association="CONTRIBUTOR"),
        command(f"/preview {HEAD}") | {"action": "edited"},
        command(f"/preview {HEAD}") | {"issue": {"number": 7}},
    ],
)
def test_what_no_pull_request_has_a_part_in(event: Any, tmp_path: Path) -> None:
    assert read(tmp_path, event) is None


@pytest.mark.parametrize("text", NAUGHTY)
def test_a_stranger_s_names_choose_nothing(text: str, tmp_path: Path) -> None:
    found = read(tmp_path, workflow_run(head_branch=text))
    assert found is not None and found.numbers == () and found.branch == text
    assert read(tmp_path, workflow_run(event="merge_group", head_branch=text)) is None
    assert read(tmp_path, command(text)) is None
    assert read(tmp_path, command(f"/preview {HEAD}", author_association=text)) is None
    with pytest.raises(UsageError):
        read(tmp_path, workflow_run(head_sha=text))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["workflow_run", "pull_request", "comment", "issue", "head", "number", "event"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VALUES)
def test_no_event_is_more_than_an_error(tmp_path: Path, event: object) -> None:
    try:
        assert read(tmp_path, event) is None
    except UsageError as error:
        assert "neither a run" in error.message


def test_gitlab_s_variables() -> None:
    merge_request = {"CI_MERGE_REQUEST_IID": "7", "CI_COMMIT_SHA": "b" * 40, "CI_PIPELINE_URL": RUN}
    found = event_of_gitlab(merge_request)
    assert found is not None and (found.numbers, found.head, found.url) == ((7,), "b" * 40, RUN)
    merged = event_of_gitlab(merge_request | {"CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": HEAD})
    assert merged is not None and merged.head == HEAD
    assert event_of_gitlab({"CI_COMMIT_SHA": HEAD}) is None
    with pytest.raises(UsageError):
        event_of_gitlab({"CI_MERGE_REQUEST_IID": "7", "CI_COMMIT_SHA": "main"})
