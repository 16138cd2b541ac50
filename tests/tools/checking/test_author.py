"""Who proposes a change, from what the forges tell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seedbed.checking.author import author_of_change

PULL = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_ACTOR": "who-ran-it-again"}


@pytest.mark.parametrize(
    ("event", "author"),
    [
        (json.dumps({"pull_request": {"user": {"login": "kim"}}}), "kim"),
        (json.dumps({"pull_request": {"user": None}}), "who-ran-it-again"),
        (json.dumps(["kim"]), "who-ran-it-again"),
        ("{", "who-ran-it-again"),
        (None, "who-ran-it-again"),
    ],
)
def test_github(tmp_path: Path, event: str | None, author: str) -> None:
    path = tmp_path / "event.json"
    if event is not None:
        path.write_text(event)
    assert author_of_change({**PULL, "GITHUB_EVENT_PATH": str(path)}) == author


def test_gitlab() -> None:
    inside = {"CI_MERGE_REQUEST_IID": "7", "GITLAB_USER_LOGIN": "kim"}
    assert author_of_change(inside) == "kim"


@pytest.mark.parametrize(
    "environment", [{}, {"GITHUB_EVENT_NAME": "push", "GITHUB_ACTOR": "kim"}, {"GITLAB_USER_LOGIN": "kim"}]
)
def test_outside_of_a_pull_request_nobody_is_named(environment: dict[str, str]) -> None:
    assert author_of_change(environment) is None
