"""The lines of docs/ci.md bring all of it to another taxonomy repository: they are taken from that page and played."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.workflows import events
from support.workflows.forge_place import ROOT, Event
from support.workflows.judges import audit, judged_by_schema
from support.workflows.runner import StartupFailure, WorkflowRun, load, run_workflow
from support.workflows.stage import CAPITALS, RIVERS, Stage, leaf, stage

PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"`\.github/workflows/(\w+\.yml)`\n\n```yaml\n(.*?)```", PAGE, re.DOTALL))
OWN_STEP = re.findall(r"For a workflow of your own:\n\n```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The `.github/workflows` of a scratch taxonomy repository, as a reader of the page makes it."""
    found = tmp_path / "scratch" / ".github" / "workflows"
    found.mkdir(parents=True)
    for name, text in FILES.items():
        (found / name).write_text(text, encoding="utf-8")
    [own] = OWN_STEP
    (found / "own.yml").write_text(own, encoding="utf-8")
    return found


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path / "stage") as found:
        found.begin()
        yield found


def results(run: WorkflowRun) -> dict[str, str]:
    return {name: job.result for name, job in run.jobs.items() if job.result != "skipped"}


def test_the_page_has_two_files_of_few_lines_and_one_that_may_be_left_out() -> None:
    assert {name: text.count("\n") for name, text in FILES.items()} == {
        "check.yml": 6,
        "review.yml": 6,
        "seedbed.yml": 10,
    }


def test_what_a_stranger_may_rewrite_stands_apart_from_what_holds_rights(folder: Path) -> None:
    rewritten = {"pull_request", "merge_group", "pull_request_review"}
    for name in FILES:
        workflow = load(folder / name)
        if rewritten & set(workflow["on"]):
            assert set(workflow["permissions"].values()) <= {"read"} and "secrets" not in str(workflow), name
        else:
            assert len(workflow["jobs"]) == 1, "every job of this file has all rights"


def test_they_are_well_formed_and_audited(folder: Path) -> None:
    files = sorted(folder.glob("*.yml"))
    checked = judged_by_schema("vendor.github-workflows", *files)
    assert checked.returncode == 0, checked.stdout
    assert audit(folder.parent) == set()


def test_a_pull_request_from_check_to_comment(folder: Path, played: Stage) -> None:
    event = played.propose(leaf(RIVERS, broken=True))
    checked = run_workflow(played.place, folder / "check.yml", event)
    assert results(checked) == {"check": "failure", "check / leaves": "failure"}
    ended = events.workflow_run(checked.id, event, checked.conclusion, played.base)
    told = run_workflow(played.place, folder / "seedbed.yml", ended)
    assert set(results(told)) == {"seedbed", "seedbed / publish", "seedbed / publish / comment"}, told.log
    assert told.conclusion == "success", told.log
    [comment] = played.forge.comments
    assert "task_descriptoin" in comment["body"] and "needs-author" in played.forge.labels(7)


def test_branches_at_the_root_of_the_repository(folder: Path, played: Stage) -> None:
    taxonomy = CAPITALS.removeprefix("taxonomy/")
    played.begin({"seedbed.toml": '[taxonomy]\nroot = "."\n'} | leaf(taxonomy, "Asia"))
    event = played.propose(leaf(RIVERS.removeprefix("taxonomy/"), broken=True))
    assert run_workflow(played.place, folder / "check.yml", event).conclusion == "failure"


def test_the_check_alone_as_a_step(folder: Path, played: Stage) -> None:
    event = played.propose(leaf(RIVERS))
    run = run_workflow(played.place, folder / "own.yml", event)
    assert results(run) == {"leaves": "success"}, run.log
    assert played.place.artifact(run.id, "check-report").is_dir()


def pushed(branch: str, head: str, *, default: str = "main") -> Event:
    """A push that a caller hears of who names no branch under `push:`."""
    event = events.push(head, "0" * 40)
    repository = event.payload["repository"] | {"default_branch": default}
    return replace(event, payload=event.payload | {"repository": repository}, ref=f"refs/heads/{branch}")


@pytest.mark.parametrize(
    ("started", "ran"),
    [
        ("push", {"grow", "release", "site"}),
        ("push to another branch", set()),
        ("push of a tag", set()),
        ("push to a main branch of another name", {"grow", "release", "site"}),
        ("schedule", {"stale"}),
        ("site by hand", {"site"}),
        ("opened", {"publish", "preview"}),
        ("a comment", {"preview"}),
    ],
)
def test_each_event_leads_where_it_should(folder: Path, played: Stage, started: str, ran: set[str]) -> None:
    """Which parts are called; their own conditions, and what they do, are tested by themselves."""
    happened: dict[str, Event] = {
        "push": events.push(played.base, "0" * 40),
        "push to another branch": pushed("wip", played.base),
        "push of a tag": replace(pushed("main", played.base), ref="refs/tags/main"),
        "push to a main branch of another name": pushed("trunk", played.base, default="trunk"),
        "schedule": events.schedule(played.base),
        "site by hand": events.workflow_dispatch("seedbed", played.base, task="site"),
        "opened": events.pull_request_target("pull_request", played.base, played.base, action="opened"),
        "a comment": events.comment(played.base, "Thank you!"),
    }
    called = load(ROOT / ".github" / "workflows" / "seedbed.yml")["jobs"]
    (folder / "seedbed.yml").write_text(
        FILES["seedbed.yml"].replace(" {branches: [main]}", ""), encoding="utf-8"
    )
    run = run_workflow(played.place, folder / "seedbed.yml", happened[started], parts_alone=True)
    parts = {name.removeprefix("seedbed / ") for name in run.jobs} & set(called)
    assert {name for name in parts if run.jobs[f"seedbed / {name}"].result != "skipped"} == ran


def test_a_caller_that_grants_too_little_does_not_start(folder: Path, played: Stage) -> None:
    text = FILES["seedbed.yml"].replace("pull-requests: write", "pull-requests: read")
    (folder / "seedbed.yml").write_text(text, encoding="utf-8")
    with pytest.raises(StartupFailure, match="pull-requests"):
        run_workflow(played.place, folder / "seedbed.yml", events.schedule(played.base))
