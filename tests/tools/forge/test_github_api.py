"""The forge's client against a server that fails, limits and lies."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta

import pytest
from support.forge_server import AT, BOT, LABELLING_TOKEN, REPOSITORY, TOKEN, Fault, Forge, forge_server
from support.pull_requests import HEAD

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
from seedbed.forge.facts import Review
from seedbed.forge.github_api import GitHub
from seedbed.forge.labels import LABELS, OURS, PREVIEW, missing_labels
from seedbed.forge.sections import MARKER
from seedbed.forge.waiting import REMINDER

PULL = "GET /pulls/7"
COMMENTS = "/issues/7/comments"
BODY = f"{MARKER}{{}} -->\nhello"


SINCE = datetime.fromisoformat(AT)


def said(login: str, state: str, commit: str, association: str = "MEMBER") -> dict[str, object]:
    """A review as the forge tells it."""
    user = {"login": login}
    times = {"submitted_at": AT, "author_association": association}
    return {"user": user, "state": state, "commit_id": commit, **times}


def prepared(forge: Forge) -> None:
    forge.add_pull(7, HEAD, labels=("needs-author",))


def client(forge: Forge, waits: list[float], token: str = TOKEN) -> GitHub:
    return GitHub(forge.address, REPOSITORY, token, login=BOT, sleep=waits.append)


def test_everything_is_done_and_read_back() -> None:
    with forge_server(prepared) as forge:
        forge.reviews = [
            said("ada", "APPROVED", "1" * 40),
            said("ada", "COMMENTED", HEAD),
            said("eve", "APPROVED", HEAD, "NONE"),
            said("eve", "DISMISSED", HEAD, "NONE"),
        ]
        github = client(forge, [])
        for action in (
            WriteComment(BODY, None),
            WriteComment(BODY + "!", 1),
            AddLabels(("leaf: new",)),
            RemoveLabel("needs-author"),
            Assign(("ada",)),
            AskTeams(("geography",)),
        ):
            github.perform(7, action)
        found = github.pull_request(7)
        assert found.labels == {"leaf: new"} and found.assignees == {"ada"} and found.head == HEAD
        assert found.asked_teams == {"geography"} and found.opened == SINCE and not found.newcomer
        assert found.reviews == (
            Review("ada", "APPROVED", "1" * 40, SINCE, True),
            Review("eve", "DISMISSED", HEAD, SINCE, False),
        )
        own = github.conversation(7).comment
        assert own is not None and own.body == BODY + "!"
        assert github.open_numbers("robin", "change") == github.open_numbers() == (7,)
        assert github.open_numbers("robin", "change&state=closed") == ()
        github.perform(7, RemoveComment(own.id))
        github.perform(7, RemoveComment(own.id))
        github.perform(7, Close())
        assert github.conversation(7) == Conversation() and not github.pull_request(7).open
        assert github.open_numbers() == ()


def test_ours_is_by_login_and_marker_on_whatever_page() -> None:
    with forge_server(prepared) as forge:
        forge.page = 2
        forge.add_comment(BODY, login="eve", at="2026-11-21T10:00:00Z")
        forge.add_comment("another bot's\n" + BODY)
        forge.add_comment(None, login="eve")
        forge.add_comment(BODY)
        forge.add_comment(f"{REMINDER}hello")
        found = client(forge, []).conversation(7)
        assert found.comment is not None and found.comment.id == 4
        assert found.reminder is not None and found.reminder.id == 5
        assert found.last_word == SINCE + timedelta(days=1)


@pytest.mark.parametrize(
    ("faults", "waits"),
    [
        ([Fault(502), Fault(500)], [1.0, 2.0]),
        ([Fault(429, headers={"Retry-After": "7"})], [7.0]),
        ([Fault(403, headers={"Retry-After": "30"})], [30.0]),
        ([Fault(403, body=b'{"message": "You have exceeded a secondary rate limit."}')], [60.0]),
        ([Fault(drop=True)], [1.0]),
    ],
)
def test_what_passes_is_waited_for(faults: list[Fault], waits: list[float]) -> None:
    waited: list[float] = []
    with forge_server(prepared) as forge:
        forge.faults = {PULL: list(faults)}
        assert client(forge, waited).pull_request(7).head == HEAD
    assert waited == waits


def test_calls_that_begin_anew_within_a_minute_are_waited_for() -> None:
    waited: list[float] = []
    with forge_server(prepared) as forge:
        anew = str(int(time.time()) + 30)
        forge.faults = {PULL: [Fault(403, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": anew})]}
        assert client(forge, waited).pull_request(7).head == HEAD
    [seconds] = waited
    assert 20 < seconds <= 31


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, "pull-requests: write"),
        ({"Retry-After": "1800"}, "again in 30 minutes"),
        ({"X-RateLimit-Remaining": "12"}, "pull-requests: write"),
    ],
)
def test_too_many_calls_are_told_from_too_few_rights(headers: dict[str, str], said: str) -> None:
    with forge_server(prepared) as forge:
        forge.faults = {PULL: [Fault(403, headers=headers)]}
        with pytest.raises(ForgeError) as raised:
            client(forge, []).pull_request(7)
        assert said in str(raised.value.hint)


LIES = {
    "always down": [Fault(503)] * 9,
    "forbidden": [Fault(403)],
    "come back tomorrow": [Fault(403, headers={"Retry-After": "86400"})],
    "all calls of the hour are spent": [
        Fault(403, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99999999999"})
    ],
    "a limit without a time": [
        Fault(403, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "soon"})
    ],
    "no JSON": [Fault(200, b"<html>")],
    "deep JSON": [Fault(200, b"[" * 100_000)],
    "a list": [Fault(200, b"[]")],
    "no head": [Fault(200, b'{"head": null, "user": {"login": "x"}}')],
    "a text for labels": [
        Fault(
            200,
            json.dumps(
                {
                    "head": {"sha": HEAD},
                    "user": {"login": "x"},
                    "draft": False,
                    "state": "open",
                    "labels": "x",
                    "created_at": AT,
                    "author_association": "NONE",
                }
            ).encode(),
        )
    ],
    "no time": [
        Fault(200, b'{"head": {"sha": "x"}, "user": {"login": "x"}, "created_at": "yesterday"}'),
    ],
    "a redirect elsewhere": [Fault(302, headers={"Location": "http://127.0.0.1:9/"})],
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_an_error_and_never_more(lie: str) -> None:
    with forge_server(prepared) as forge:
        forge.faults = {PULL: LIES[lie]}
        with pytest.raises(ForgeError):
            client(forge, []).pull_request(7)
        assert len(forge.calls) <= 6 and forge.changes() == []


@pytest.mark.parametrize(
    "link",
    ['<http://evil.example/2>; rel="next"', '<{0}/repos/seedbed/seedbed/issues/7/comments>; rel="next"'],
)
def test_the_next_page_is_ours_and_comes_to_an_end(link: str) -> None:
    with forge_server(prepared) as forge:
        again = Fault(200, b"[]", {"Link": link.format(forge.address)})
        forge.faults = {f"GET {COMMENTS}": [again] * 50}
        with pytest.raises(ForgeError, match="page"):
            client(forge, []).conversation(7)
        assert len(forge.calls) <= 30


def test_a_comment_that_was_written_though_the_forge_failed_is_not_written_twice() -> None:
    with forge_server(prepared) as forge:
        forge.faults = {f"POST {COMMENTS}": [Fault(502, after=True)]}
        client(forge, []).perform(7, WriteComment(BODY, None))
        assert [comment["body"] for comment in forge.comments] == [BODY]


def test_a_comment_that_was_not_written_is_tried_once_more() -> None:
    with forge_server(prepared) as forge:
        forge.faults = {f"POST {COMMENTS}": [Fault(502)]}
        client(forge, []).perform(7, WriteComment(BODY, None))
        assert len(forge.comments) == 1
        forge.faults = {f"POST {COMMENTS}": [Fault(502), Fault(502)]}
        with pytest.raises(ForgeError):
            client(forge, []).perform(7, WriteComment(BODY + "?", None))


def test_accounts_and_forks_that_are_gone() -> None:
    with forge_server(prepared) as forge:
        forge.pulls[7] |= {"user": None, "head": {"sha": HEAD, "label": None, "repo": None}}
        forge.reviews = [said("ada", "APPROVED", HEAD) | {"user": None}]
        forge.comments = [{"id": 1, "user": None, "body": BODY, "created_at": AT}]
        github = client(forge, [])
        found = github.pull_request(7)
        assert found.author == "ghost" and [review.login for review in found.reviews] == ["ghost"]
        assert github.conversation(7).comment is None, "whoever wrote it, it was not us"
        assert github.open_numbers(head=HEAD) == (7,) and github.open_numbers(head="1" * 40) == ()


@pytest.mark.parametrize(
    ("files", "changes"),
    [
        ([], False),
        ([{"filename": "taxonomy/.github/qna.yaml"}], False),
        ([{"filename": "!"}, {"filename": ".github/workflows/check.yml"}], True),
        ([{"filename": "old.yml", "previous_filename": ".github/workflows/check.yml"}], True),
        ([{"filename": f"a/{number}"} for number in range(2_999)], False),
        ([{"filename": f"a/{number}"} for number in range(3_000)], True),
    ],
    ids=["none", "a leaf", "a workflow", "moved away", "many", "too many to be told"],
)
def test_whether_it_changes_what_checks_it(files: list[dict[str, object]], changes: bool) -> None:
    with forge_server(prepared) as forge:
        forge.files = files
        assert client(forge, []).changes_own_check(7) is changes


def test_labels_that_are_missing_keep_no_other_from_being_set() -> None:
    with forge_server(prepared) as forge:
        forge.known = [{"name": "leaf: new"}, {"name": "Needs-Maintainer"}]
        with pytest.raises(ForgeError, match=r"no label kind: freeform$") as raised:
            client(forge, []).perform(7, AddLabels(("kind: freeform", "leaf: new")))
        assert forge.labels(7) == ["leaf: new", "needs-author"]
        assert "--labels" in str(raised.value.hint)
        with pytest.raises(ForgeError, match="403"):
            client(forge, []).make_label(LABELS[0])
        maker = client(forge, [], LABELLING_TOKEN)
        for label in missing_labels(maker.label_names()):
            maker.make_label(label)
        names = {one["name"] for one in forge.known}
        assert len(names) == len(forge.known) and names >= (OURS | {PREVIEW}) - {"needs-maintainer"}
        assert missing_labels(maker.label_names()) == ()
        client(forge, []).perform(7, AddLabels(("kind: freeform",)))
        assert "kind: freeform" in forge.labels(7)


def test_labels_say_what_they_mean_within_the_forges_bounds() -> None:
    assert {label.name for label in LABELS} == OURS | {PREVIEW}
    assert all(
        0 < len(label.description) <= 100 and len(bytes.fromhex(label.colour)) == 3 for label in LABELS
    )


def test_a_label_that_is_gone_already_is_no_trouble() -> None:
    with forge_server(prepared) as forge:
        forge.faults = {"DELETE /issues/7/labels/needs-author": [Fault(404)]}
        client(forge, []).perform(7, RemoveLabel("needs-author"))


def test_a_bad_token_is_said_and_never_shown() -> None:
    with forge_server(prepared) as forge, pytest.raises(ForgeError) as raised:
        client(forge, [], "secret-token").pull_request(7)
    assert "401" in raised.value.message and "secret" not in f"{raised.value.message} {raised.value.hint}"
