"""GitLab's client, and a whole conversation there: a real repository, the real commands, a forge that obeys quick actions."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.forge_server import TOKEN, Fault, forge_server
from support.gitlab_forge import LOGIN, GitLabForge
from support.loaded_seedbed import run_loaded
from support.pull_requests import HEAD
from support.repositories import SKILL, RepositoryBuilder

from seedbed.errors import ForgeError
from seedbed.forge.actions import (
    AddLabels,
    AskTeams,
    Assign,
    Close,
    RemoveComment,
    RemoveLabel,
    WriteComment,
)
from seedbed.forge.conversation import Conversation
from seedbed.forge.gitlab_api import GitLab
from seedbed.forge.labels import missing_labels
from seedbed.forge.sections import MARKER

BODY = f"{MARKER}{{}} -->\nhello\n/close\n  /label ~x\n"


def client(forge: GitLabForge) -> GitLab:
    return GitLab(forge.address, "42", TOKEN, sleep=lambda seconds: None)


def test_everything_is_done_and_read_back() -> None:
    forge = GitLabForge()
    forge.add_merge_request(7, HEAD, labels=("needs-author",))
    with forge_server(forge=forge):
        gitlab = client(forge)
        forge.add_note("approved this", login="ada", system=True)
        forge.add_note("Nice.", login="ada")
        for action in (
            WriteComment(BODY, None),
            WriteComment(BODY + "!", 3),
            AddLabels(("leaf: new", "kind: freeform")),
            RemoveLabel("needs-author"),
            Assign(("ada",)),
            Assign(("grace", "nobody")),
            AskTeams(("geography",)),
        ):
            gitlab.perform(7, action)
        found = gitlab.pull_request(7)
        assert found.head == HEAD and found.newcomer and found.open and not found.draft
        assert found.labels == {"leaf: new", "kind: freeform"} and found.assignees == {"ada", "grace"}
        said = gitlab.conversation(7)
        assert said.comment is not None and said.comment.body == BODY + "!" and said.last_word is not None
        assert forge.commands == [], "no line of ours is a command"
        assert gitlab.open_numbers() == gitlab.open_numbers("robin", "change") == (7,)
        gitlab.perform(7, RemoveComment(3))
        gitlab.perform(7, Close())
        assert gitlab.conversation(7).comment is None and gitlab.open_numbers() == ()


def test_labels_are_made() -> None:
    forge = GitLabForge()
    with forge_server(forge=forge):
        gitlab = client(forge)
        for label in missing_labels(gitlab.label_names()):
            gitlab.make_label(label)
        assert missing_labels(gitlab.label_names()) == ()
        assert all(one["color"].startswith("#") for one in forge.known or [])
        assert not gitlab.changes_own_check(7)


def test_reviews() -> None:
    forge = GitLabForge()
    forge.add_merge_request(7, HEAD)
    with forge_server(forge=forge):
        forge.reviewers = {"ada": "unreviewed", "eve": "requested_changes"}
        forge.approved_by = ["grace"]
        reviews = {review.login: review.state for review in client(forge).pull_request(7).reviews}
        assert reviews == {"eve": "CHANGES_REQUESTED", "grace": "APPROVED"}


@pytest.mark.parametrize("lie", [b"[]", b"{}", b"null", b'{"sha": 1, "created_at": "yesterday"}', b"<html>"])
def test_a_lie_is_an_error(lie: bytes) -> None:
    forge = GitLabForge()
    with forge_server(forge=forge):
        forge.faults = {"GET /merge_requests/7": [Fault(200, lie)]}
        with pytest.raises(ForgeError):
            client(forge).pull_request(7)


@settings(max_examples=40, deadline=None)
@given(st.text(st.sampled_from("/ \t\nab`>~"), max_size=30))
def test_no_text_is_a_command(text: str) -> None:
    from seedbed.forge.gitlab_api import _without_commands

    sent = _without_commands(text)
    assert not [line for line in sent.split("\n") if line.lstrip().startswith("/")]
    assert sent.replace("\u200b/", "/") == text


def test_a_merge_request_from_the_check_to_the_note(tmp_path: Path) -> None:
    repository = RepositoryBuilder(tmp_path / "repository")
    repository.write_leaf("taxonomy/compositional_skills/geography/capitals")
    repository.commit()
    repository.branch("change")
    broken = SKILL.replace("task_description", "task_descriptoin")
    repository.write_leaf("taxonomy/compositional_skills/geography/rivers", broken)
    head = repository.commit()
    forge = GitLabForge()
    forge.add_merge_request(7, head)
    report = str(tmp_path / "report.json")
    with forge_server(forge=forge):
        environment = {
            "GITLAB_CI": "true",
            "CI_API_V4_URL": forge.address,
            "CI_PROJECT_ID": "42",
            "CI_MERGE_REQUEST_IID": "7",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
            "CI_COMMIT_SHA": head,
            "CI_PIPELINE_URL": "https://gitlab.example/p/42/-/pipelines/1",
            "SEEDBED_GITLAB_TOKEN": TOKEN,
        }
        checked = run_loaded("check", "--report", report, folder=repository.path, environment=environment)
        assert checked.returncode == 1, checked.stdout + checked.stderr
        told = run_loaded("publish", "--report", report, folder=repository.path, environment=environment)
        assert told.returncode == 0, told.stdout + told.stderr
        [note] = forge.comments
        assert note["author"] == {"username": LOGIN} and "1 leaf needs a change" in note["body"]
        assert "Welcome, robin" in note["body"]
        assert forge.pulls[7]["labels"] == [
            "branch: compositional_skills",
            "first-contribution",
            "leaf: new",
            "needs-author",
        ]
        again = run_loaded("publish", "--report", report, folder=repository.path, environment=environment)
        assert "nothing to do" in again.stdout and len(forge.comments) == 1
        del environment["SEEDBED_GITLAB_TOKEN"]
        without = run_loaded("publish", "--report", report, folder=repository.path, environment=environment)
        assert without.returncode == 2 and "CI/CD variables" in without.stderr


def test_a_merge_request_without_a_word_is_empty() -> None:
    forge = GitLabForge()
    forge.add_merge_request(7, HEAD)
    with forge_server(forge=forge):
        assert client(forge).conversation(7) == Conversation()
