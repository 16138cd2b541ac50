"""What a push to the default branch, a maintainer's word and the calendar lead to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.workflows import events
from support.workflows.forge_place import git
from support.workflows.stage import CAPITALS, RIVERS, Files, Stage, leaf, stage

NOBODY = "0" * 40


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path) as found:
        yield found


TEACHER: Files = {
    "seedbed.toml": '[teacher]\nbackend = "openai"\nurl = "http://127.0.0.1:9/v1"\nmodel = "large"\n[generation]\nrecipe = "lab"\n'
}
"""One that answers any leaf, and is not asked here; the sandbox's would be loaded first, to learn which words it knows."""


def pushed(stage: Stage, files: Files) -> str:
    """Another commit on the default branch."""
    head = stage.commit(files, [stage.base], "merged")
    stage.refer("refs/heads/main", head)
    return head


def test_a_push_is_compared_with_what_stood_there(played: Stage) -> None:
    played.begin()
    middle = pushed(played, leaf(RIVERS, broken=True))
    head = played.commit({"notes.md": "two"}, [middle], "two")
    played.refer("refs/heads/main", head)
    run = played.run("check", events.push(head, played.base))
    assert run.conclusion == "failure" and "task_descriptoin" in run.jobs["leaves"].summary
    assert played.run("check", events.push(head, middle)).conclusion == "success", "nothing new since then"


def test_the_first_push_of_all_is_checked_whole(played: Stage) -> None:
    played.begin(leaf(CAPITALS) | leaf(RIVERS, "Asia"))
    run = played.run("check", events.push(played.base, NOBODY))
    assert run.conclusion == "success" and "2 leaves" in run.jobs["leaves"].summary


def test_a_merge_says_what_it_leads_to_and_trains_only_where_it_should(played: Stage) -> None:
    played.begin(leaf(CAPITALS, "Asia") | TEACHER)
    run = played.run("grow", events.push(played.base, NOBODY))
    assert {name: job.result for name, job in run.jobs.items()} == {"plan": "success", "train": "skipped"}
    summary = run.jobs["plan"].summary
    assert [line for line in summary.splitlines() if line and not line.startswith("    ")] == [
        "### seedbed status",
        "### seedbed generate --dry-run",
        "### seedbed plan",
    ]
    assert summary.count("compositional_skills/geography/capitals") >= 2


def test_the_site_is_built_and_deployed(played: Stage) -> None:
    played.begin()
    run = played.run("site", events.push(played.base, NOBODY))
    assert run.conclusion == "success", run.log
    page = (played.place.pages / "index.html").read_text(encoding="utf-8")
    assert "capitals" in page


def test_a_merged_manifest_is_tagged_once_and_no_tag_is_moved(played: Stage) -> None:
    played.begin()
    files: Files = {
        "releases/release-1.json": "{}",
        "releases/release-1.md": "card",
        "releases/-x.json": "{}",
        "releases/a b.json": "{}",
        "releases/sub/c.json": "{}",
    }
    head = pushed(played, files)
    event = events.push(head, played.base)
    for _ in range(2):  # run again by hand: nothing changes
        run = played.run("release", event)
        assert {name: job.result for name, job in run.jobs.items()} == {
            "cut": "skipped",
            "attest": "skipped",
            "propose": "skipped",
            "tag": "success",
        }, run.log
        assert git("for-each-ref", "--format=%(refname)", "refs/tags", cwd=played.place.origin).split() == [
            "refs/tags/release-1"
        ]
    later = played.commit({"releases/release-1.json": None}, [head], "gone")
    again = played.commit(files, [later], "back")
    played.refer("refs/heads/main", again)
    run = played.run("release", events.push(again, later))
    assert run.jobs["tag"].result == "failure", "a release never changes"
    assert git("rev-parse", "refs/tags/release-1", cwd=played.place.origin).strip() == head
