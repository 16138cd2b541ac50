"""`seedbed check --report` and `seedbed publish`, as two workflows run them: a real repository, a real forge."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pygit2
import pytest
from support.command_line import seedbed
from support.forge_server import LABELLING_TOKEN, REPOSITORY, TOKEN, Fault, Forge, forge_server
from support.loaded_seedbed import run_loaded
from support.repositories import SKILL, RepositoryBuilder
from support.sample_previews import full_preview, hostile_preview

from seedbed.forge.labels import LABELS, OURS
from seedbed.forge.sections import Sections
from seedbed.reports.preview_json import preview_json

RIVERS = "taxonomy/compositional_skills/geography/rivers"
BROKEN = SKILL.replace("task_description", "task_descriptoin")


class Stage:
    """A repository with a base, a pull request's branch and a forge that holds it."""

    def __init__(self, folder: Path, forge: Forge) -> None:
        self.folder = folder
        self.forge = forge
        self.report = folder / "report.json"
        self.token = TOKEN
        self.repository = RepositoryBuilder(folder / "repository")
        self.repository.write_leaf("taxonomy/compositional_skills/geography/capitals")
        self.repository.write(".github/CODEOWNERS", "/taxonomy/ @ada @seedbed/all\n")
        self.base = self.repository.commit()
        self.head = self.base

    def propose(self, leaf: str) -> None:
        """A branch with one new leaf, merged as the forge does it."""
        self.repository.branch("change")
        self._push(leaf)
        self.forge.add_pull(7, self.head)
        self.forge.pulls[7]["created_at"] = "2026-01-01T10:00:00Z"

    def push(self, leaf: str) -> None:
        """Another commit of the pull request, and another merge of it."""
        self.repository.git.reset(self.base, pygit2.enums.ResetMode.HARD)
        self.repository.checkout("change")
        self._push(leaf)
        self.forge.pulls[7]["head"]["sha"] = self.head

    def _push(self, leaf: str) -> None:
        self.repository.write_leaf(RIVERS, leaf)
        self.head = self.repository.commit()
        self.repository.checkout("main")
        self.repository.merge("change")

    def check(self) -> subprocess.CompletedProcess[str]:
        event = {"pull_request": {"number": 7, "head": {"sha": self.head}, "user": {"login": "robin"}}}
        return self._run("pull_request", event, "check", "--report", str(self.report))

    def publish(self, *arguments: str, conclusion: str, **changed: Any) -> subprocess.CompletedProcess[str]:
        run = {
            "event": "pull_request",
            "head_sha": self.head,
            "conclusion": conclusion,
            "html_url": "https://forge.example/run/1",
            "pull_requests": [],
            "head_repository": {"owner": {"login": "robin"}},
            "head_branch": "change",
        }
        event = {"workflow_run": run | changed}
        return self._run("workflow_run", event, "publish", "--report", str(self.report), *arguments)

    def happens(self, action: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Something that no run of the check goes with."""
        event = {"action": action, "pull_request": {"number": 7, "head": {"sha": self.head}}}
        return self._run("pull_request_target", event, "publish", *arguments)

    def preview(self, file: Path) -> subprocess.CompletedProcess[str]:
        event = {"pull_request": {"number": 7, "head": {"sha": self.head}}}
        return self._run("pull_request_target", event, "publish", "--preview", str(file))

    def _run(self, name: str, event: dict[str, Any], *command: str) -> subprocess.CompletedProcess[str]:
        file = self.folder / "event.json"
        file.write_text(json.dumps(event), encoding="utf-8")
        environment = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": name,
            "GITHUB_EVENT_PATH": str(file),
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_TOKEN": self.token,
            "GITHUB_API_URL": self.forge.address,
        }
        return run_loaded(*command, folder=self.repository.path, environment=environment)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with forge_server() as forge:
        yield Stage(tmp_path, forge)


def test_from_a_broken_leaf_to_all_clear(stage: Stage) -> None:
    stage.propose(BROKEN)
    assert stage.check().returncode == 1
    ran = stage.publish(conclusion="failure")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    [comment] = stage.forge.comments
    assert "1 leaf needs a change" in comment["body"] and "descriptoin" in comment["body"]
    assert f"seedbed check --base {stage.base} --head {stage.repository.head}" in comment["body"]
    # No kind: the leaf could not be read as one.
    assert stage.forge.labels(7) == ["branch: compositional_skills", "leaf: new", "needs-author"]
    assert stage.forge.pulls[7]["assignees"] == [{"login": "ada"}]

    stage.push(SKILL.replace("capital", "longest river"))
    assert stage.check().returncode == 0
    assert stage.publish(conclusion="success").returncode == 0
    [comment] = stage.forge.comments
    assert "all clear" in comment["body"] and stage.head in comment["body"]
    assert "near to it: `compositional_skills/geography/capitals`" in comment["body"]
    assert stage.forge.labels(7) == [
        "branch: compositional_skills",
        "kind: freeform",
        "leaf: new",
        "needs-maintainer",
    ]

    made = stage.folder / "preview.json"
    shown = replace(full_preview(), head=stage.head)
    made.write_text(preview_json(shown), encoding="utf-8")
    assert stage.preview(made).returncode == 0
    [comment] = stage.forge.comments
    assert "all clear" in comment["body"] and shown.leaves[0].samples[0].question in comment["body"]

    before = len(stage.forge.changes())
    assert "nothing to do" in stage.publish(conclusion="success").stdout
    assert len(stage.forge.changes()) == before


def test_who_acts_next_after_a_review_a_push_and_the_end(stage: Stage) -> None:
    stage.propose(SKILL)
    stage.check()
    assert stage.publish(conclusion="success").returncode == 0
    review = {"user": {"login": "ada"}, "commit_id": stage.head, "submitted_at": "2026-11-21T10:00:00Z"}
    stage.forge.reviews = [review | {"state": "CHANGES_REQUESTED", "author_association": "MEMBER"}]
    # As a workflow's run that did nothing but come to an end: a fork's review starts nothing with a token.
    reviewed = stage.publish(conclusion="success", event="pull_request_review")
    assert reviewed.returncode == 0, reviewed.stderr
    [comment] = stage.forge.comments
    assert "changes were asked for" in comment["body"] and "capitals" in comment["body"]
    assert "needs-author" in stage.forge.labels(7) and "needs-maintainer" not in stage.forge.labels(7)

    stage.forge.pulls[7]["labels"].append({"name": "preview"})
    stage.push(SKILL.replace("capital", "longest river"))
    assert stage.happens("synchronize").returncode == 0
    assert "is being checked" in stage.forge.comments[0]["body"]
    assert "preview" not in stage.forge.labels(7), "the consent was for the commit before"

    stage.forge.pulls[7]["state"] = "closed"
    assert stage.happens("closed").returncode == 0
    assert "needs-author" not in stage.forge.labels(7) and "leaf: new" in stage.forge.labels(7)


def test_a_pull_request_that_leaves_the_merge_queue(stage: Stage) -> None:
    stage.propose(BROKEN)
    stage.check()
    group = json.loads(stage.report.read_text(encoding="utf-8"))["checked"]
    left = json.loads(stage.report.read_text(encoding="utf-8")) | {"head": group}
    stage.report.write_text(json.dumps(left), encoding="utf-8")
    branch = f"gh-readonly-queue/main/pr-7-{stage.base}"
    run = {"event": "merge_group", "head_sha": group, "head_branch": branch}
    assert stage.publish(conclusion="failure", **run).returncode == 0
    [comment] = stage.forge.comments
    assert "left the merge queue" in comment["body"] and "needs-author" in stage.forge.labels(7)
    assert "nothing to do" in stage.publish(conclusion="success", **run).stdout


def test_nothing_is_said_of_an_event_before_the_check_has_spoken(stage: Stage) -> None:
    stage.propose(SKILL)
    assert stage.happens("opened").returncode == 0
    assert stage.forge.comments == [] and stage.forge.labels(7) == []


def test_idle_pull_requests_are_reminded_once_and_closed_at_last(stage: Stage) -> None:
    stage.propose(BROKEN)
    stage.check()
    stage.publish(conclusion="failure")
    stage.repository.write("seedbed.toml", "[pull_requests]\nremind_after_days = 1\nclose_after_days = 2\n")
    assert stage.happens("", "--idle").stdout == "1 open pull request looked at.\n", "it was spoken of today"
    since = stage.forge.comments[0]["body"].split('"since": "')[1][:25]
    stage.forge.comments[0]["body"] = shifted(stage.forge.comments[0]["body"], since)
    dry = stage.happens("", "--idle", "--dry-run")
    assert "waited for its author" in dry.stdout and len(stage.forge.comments) == 1
    assert stage.happens("", "--idle").returncode == 0
    assert len(stage.forge.comments) == 2 and "idle" in stage.forge.labels(7)
    stage.forge.comments[1]["created_at"] = "2026-01-10T10:00:00Z"
    ended = stage.happens("", "--idle")
    assert ended.returncode == 0 and stage.forge.pulls[7]["state"] == "closed", ended.stdout
    assert "Nothing is lost" in stage.forge.comments[1]["body"]


def shifted(body: str, since: str) -> str:
    """The comment as it would have been written long ago."""
    said = Sections.read(body)
    assert said.check is not None and said.check.outcome is not None and said.check.outcome.since == since
    outcome = replace(said.check.outcome, since="2026-01-01T10:00:00+00:00")
    return replace(said, check=replace(said.check, outcome=outcome)).write()


def test_the_command_in_the_comment_says_the_same(stage: Stage) -> None:
    stage.propose(BROKEN)
    stage.check()
    stage.publish(conclusion="failure")
    [line] = [
        line for line in stage.forge.comments[0]["body"].splitlines() if line.startswith("seedbed check")
    ]
    again = seedbed(*line.split()[1:], folder=stage.repository.path)
    assert again.returncode == 1 and "task_descriptoin" in again.stdout


def test_a_dry_run_changes_nothing(stage: Stage) -> None:
    stage.propose(SKILL)
    stage.check()
    ran = stage.publish("--dry-run", conclusion="success")
    assert ran.returncode == 0 and "write a comment:" in ran.stdout and "add labels:" in ran.stdout
    assert stage.forge.changes() == []


def test_a_report_of_another_commit_is_not_believed(stage: Stage) -> None:
    stage.propose(SKILL)
    stage.check()
    left = json.loads(stage.report.read_text(encoding="utf-8"))
    stage.report.write_text(json.dumps({**left, "head": "f" * 40}), encoding="utf-8")
    assert stage.publish(conclusion="success").returncode == 0
    assert "speaks of another commit" in stage.forge.comments[0]["body"]
    assert stage.forge.labels(7) == ["needs-maintainer"]


@pytest.mark.parametrize("content", [None, "", '{"number": 8}'])
def test_without_a_report_a_maintainer_hears_of_it(stage: Stage, content: str | None) -> None:
    stage.propose(SKILL)
    if content is not None:
        stage.report.write_text(content, encoding="utf-8")
    assert stage.publish(conclusion="failure").returncode == 0
    assert "did not come to an end" in stage.forge.comments[0]["body"]


def test_a_newer_commit_is_left_to_its_own_run(stage: Stage) -> None:
    stage.propose(SKILL)
    stage.check()
    stage.forge.pulls[7]["head"]["sha"] = "f" * 40
    ran = stage.publish(conclusion="success")
    assert ran.returncode == 0 and "newer commit" in ran.stdout and stage.forge.changes() == []


def test_a_run_without_a_pull_request_is_nothing_to_speak_of(stage: Stage) -> None:
    ran = stage.publish(conclusion="success", event="push")
    assert ran.returncode == 0 and "nothing to do" in ran.stdout and stage.forge.calls == []


def test_a_forge_that_refuses_is_an_error_of_the_publisher_alone(stage: Stage) -> None:
    stage.propose(SKILL)
    stage.check()
    stage.forge.known = [{"name": name} for name in OURS]
    stage.forge.faults = {"POST /issues/7/labels": [Fault(403)]}
    ran = stage.publish(conclusion="success")
    assert ran.returncode == 2 and "pull-requests: write" in ran.stderr and TOKEN not in ran.stderr


def test_a_preview_that_says_something_else_is_not_shown(stage: Stage) -> None:
    stage.propose(SKILL)
    made = stage.folder / "preview.json"
    for content, said in (
        (None, "the preview is missing"),
        ("# Hello @everyone", "is not JSON"),
        ('{"version": 1}', "is not of the form"),
        (preview_json(full_preview()), "speaks of another commit"),
        (preview_json(replace(hostile_preview(), head=stage.head)), "What the teacher makes"),
    ):
        if content is not None:
            made.write_text(content, encoding="utf-8")
        ran = stage.preview(made)
        assert ran.returncode == 0, ran.stderr
        [comment] = stage.forge.comments
        assert said in comment["body"] and "Hello" not in comment["body"]
    made.unlink()
    made.symlink_to("/etc/hostname")
    assert stage.preview(made).returncode == 0
    assert "is a link" in stage.forge.comments[0]["body"]


def test_two_publishers_that_both_wrote_first_end_with_one_comment(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.propose(SKILL)
    stage.check()
    made = stage.folder / "preview.json"
    made.write_text(preview_json(replace(full_preview(), head=stage.head)), encoding="utf-8")
    assert stage.preview(made).returncode == 0
    [other] = stage.forge.comments
    stage.forge.comments = []
    answer = stage.forge.answer

    def overtaken(method: str, path: str, query: Any, body: Any) -> tuple[int, Any]:
        if (method, path) == ("POST", "/issues/7/comments") and not stage.forge.comments:
            stage.forge.comments = [other]
        return answer(method, path, query, body)

    monkeypatch.setattr(stage.forge, "answer", overtaken)
    ran = stage.publish(conclusion="success")
    assert ran.returncode == 0, ran.stderr
    [comment] = stage.forge.comments
    assert comment["id"] == other["id"], "the first of the two, which people may have linked to"
    assert "all clear" in comment["body"] and "What the teacher makes" in comment["body"]


def test_what_another_publisher_wrote_over_is_said_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.propose(BROKEN)
    stage.check()
    stage.publish(conclusion="failure")
    late = [stage.forge.comments[0]["body"]]
    stage.push(SKILL.replace("capital", "longest river"))
    stage.check()
    answer = stage.forge.answer

    def overtaken(method: str, path: str, query: Any, body: Any) -> tuple[int, Any]:
        found = answer(method, path, query, body)
        if method == "PATCH" and late:
            stage.forge.comments[0]["body"] = late.pop()
        return found

    monkeypatch.setattr(stage.forge, "answer", overtaken)
    assert stage.publish(conclusion="success").returncode == 0
    assert late == [] and "all clear" in stage.forge.comments[0]["body"]


def test_labels_that_are_missing_are_made(stage: Stage) -> None:
    stage.forge.known = [{"name": "leaf: new"}]
    stage.propose(SKILL)
    stage.check()
    ran = stage.publish(conclusion="success")
    assert ran.returncode == 2 and "no label branch: compositional_skills, kind: freeform" in ran.stderr
    assert len(stage.forge.comments) == 1 and stage.forge.labels(7) == ["leaf: new"]
    before = stage.forge.changes()
    assert "would make label: idle" in stage.happens("", "--labels", "--dry-run").stdout
    assert stage.forge.changes() == before
    stage.token = LABELLING_TOKEN
    made = stage.happens("", "--labels")
    assert made.returncode == 0 and f"{len(LABELS) - 1} missing" in made.stdout, made.stderr
    assert "0 missing" in stage.happens("", "--labels").stdout
    stage.token = TOKEN
    assert stage.publish(conclusion="success").returncode == 0
    assert "needs-maintainer" in stage.forge.labels(7)


def test_a_fork_that_is_gone_is_told_by_its_commit(stage: Stage) -> None:
    stage.propose(BROKEN)
    stage.check()
    stage.forge.add_pull(8, "f" * 40)
    stage.forge.pulls[7]["head"] |= {"label": None, "repo": None}
    ran = stage.publish(conclusion="failure", head_repository=None)
    assert ran.returncode == 0, ran.stderr
    assert "Pull request 8" not in ran.stdout and len(stage.forge.comments) == 1


def test_one_that_cannot_be_tended_keeps_no_other_waiting(stage: Stage) -> None:
    stage.propose(BROKEN)
    stage.forge.add_pull(8, "f" * 40)
    stage.forge.pulls[8]["created_at"] = "2026-01-01T10:00:00Z"
    stage.forge.faults = {"GET /pulls/7": [Fault(403)]}
    ran = stage.happens("", "--idle")
    assert ran.returncode == 2 and "2 open pull requests looked at" in ran.stdout, ran.stderr
    assert "idle" in stage.forge.labels(8) and "idle" not in stage.forge.labels(7)


def test_people_who_cannot_be_called_fail_nothing(stage: Stage) -> None:
    stage.propose(SKILL)
    stage.check()
    stage.forge.faults = {
        "POST /issues/7/assignees": [Fault(403)],
        "POST /pulls/7/requested_reviewers": [Fault(422)],
    }
    ran = stage.publish(conclusion="success")
    assert ran.returncode == 0 and ran.stderr.count("nobody was called") == 2
    assert len(stage.forge.comments) == 1 and "leaf: new" in stage.forge.labels(7)


@pytest.mark.parametrize(
    "arguments",
    [(), ("--report", "a", "--preview", "b"), ("--idle", "--report", "a"), ("--idle", "--labels")],
)
def test_what_to_publish_is_named_once(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert seedbed("publish", *arguments, folder=tmp_path).returncode == 2
