"""GitHub's REST API, the few calls of it that a conversation needs (docs.github.com/rest). The edge: nothing is decided here."""

from __future__ import annotations

import time
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

from seedbed.errors import ForgeError
from seedbed.forge.actions import (
    Action,
    AddLabels,
    AskTeams,
    Assign,
    Close,
    RemoveComment,
    RemoveLabel,
    WriteComment,
)
from seedbed.forge.conversation import Comment, Conversation, moment
from seedbed.forge.facts import PullRequest, Review
from seedbed.forge.labels import Label
from seedbed.forge.rest import Rest, list_of, value_of

_DECIDE = ("OWNER", "MEMBER", "COLLABORATOR")
_NEWCOMERS = ("FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR")
_WORKFLOWS = ".github/"
_MOST_FILES = 3_000
"""As many of a pull request's files as the forge tells."""


class GitHub:
    """One repository; our comments are those of `login`."""

    def __init__(
        self,
        api: str,
        repository: str,
        token: str,
        *,
        login: str,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {token}",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        self._rest = Rest(f"{api.rstrip('/')}/repos/{repository}", headers, sleep=sleep)
        self._login = login

    def pull_request(self, number: int) -> PullRequest:
        """The pull request as it stands now, with the last word of each reviewer."""
        found = self._rest.call("GET", f"/pulls/{number}")
        return PullRequest(
            number,
            str(value_of(found, "head", "sha")),
            _login(found),
            moment(value_of(found, "created_at")),
            bool(value_of(found, "draft")),
            value_of(found, "state") == "open",
            value_of(found, "author_association") in _NEWCOMERS,
            frozenset(str(value_of(label, "name")) for label in list_of(value_of(found, "labels"))),
            frozenset(str(value_of(person, "login")) for person in list_of(value_of(found, "assignees"))),
            frozenset(str(value_of(team, "slug")) for team in list_of(value_of(found, "requested_teams"))),
            self._reviews(number),
        )

    def _reviews(self, number: int) -> tuple[Review, ...]:
        latest = {}
        for review in self._rest.pages(f"/pulls/{number}/reviews"):
            state = str(value_of(review, "state"))
            if state in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED"):
                login = _login(review)
                latest[login] = Review(
                    login,
                    state,
                    str(value_of(review, "commit_id")),
                    moment(value_of(review, "submitted_at")),
                    value_of(review, "author_association") in _DECIDE,
                )
        return tuple(latest.values())

    def open_numbers(self, owner: str = "", branch: str = "", head: str = "") -> tuple[int, ...]:
        """Numbers of the open pull requests: all, those from a branch of `owner`, or those whose last commit is `head`."""
        source = {"head": f"{owner}:{branch}"} if owner else {}
        wanted = urllib.parse.urlencode({"state": "open", **source})
        return tuple(
            int(str(value_of(found, "number")))
            for found in self._rest.pages(f"/pulls?{wanted}")
            if not head or value_of(found, "head", "sha") == head
        )

    def changes_own_check(self, number: int) -> bool:
        """Whether the pull request changes its workflows; True as well where it has too many files to be told."""
        files = list(self._rest.pages(f"/pulls/{number}/files"))
        names = {str(value_of(file, "filename")) for file in files}
        names |= {str(file.get("previous_filename")) for file in files}
        return len(files) >= _MOST_FILES or any(name.startswith(_WORKFLOWS) for name in names)

    def conversation(self, number: int) -> Conversation:
        """What was said so far, reviews and remarks on lines aside."""
        return Conversation.of(self._comments(number), self._login)

    def _comments(self, number: int) -> Iterator[Comment]:
        for comment in self._rest.pages(f"/issues/{number}/comments"):
            body = value_of(comment, "body")
            yield Comment(
                int(str(value_of(comment, "id"))),
                _login(comment),
                body if isinstance(body, str) else "",
                moment(value_of(comment, "created_at")),
            )

    def perform(self, number: int, action: Action) -> None:
        """Do one thing. Doing it twice leaves what doing it once does."""
        call, issue = self._rest.call, f"/issues/{number}"
        match action:
            case WriteComment(body, None):
                self._comment(number, body)
            case WriteComment(body, id):
                call("PATCH", f"/issues/comments/{id}", {"body": body})
            case RemoveComment(id):
                call("DELETE", f"/issues/comments/{id}", missing_is_fine=True)
            case AddLabels(names):
                self._add_labels(issue, names)
            case RemoveLabel(name):
                call("DELETE", f"{issue}/labels/{urllib.parse.quote(name, safe='')}", missing_is_fine=True)
            case Assign(logins):
                call("POST", f"{issue}/assignees", {"assignees": list(logins)})
            case AskTeams(names):
                call("POST", f"/pulls/{number}/requested_reviewers", {"team_reviewers": list(names)})
            case Close():
                call("PATCH", f"/pulls/{number}", {"state": "closed"})

    def label_names(self) -> frozenset[str]:
        """Names of the labels that the repository has."""
        return frozenset(str(value_of(label, "name")) for label in self._rest.pages("/labels"))

    def make_label(self, label: Label) -> None:
        """Make a label that is missing; the token needs `issues: write` for it."""
        fields = {"name": label.name, "color": label.colour, "description": label.description}
        self._rest.call("POST", "/labels", fields)

    def _add_labels(self, issue: str, names: tuple[str, ...]) -> None:
        """All of them. A token that makes no labels is refused all where one is missing: then those that are there."""
        try:
            self._rest.call("POST", f"{issue}/labels", {"labels": list(names)})
        except ForgeError:
            there = {name.casefold() for name in self.label_names()}
            missing = [name for name in names if name.casefold() not in there]
            if not missing:
                raise
            if known := [name for name in names if name not in missing]:
                self._rest.call("POST", f"{issue}/labels", {"labels": known})
            raise ForgeError(
                f"this repository has no label {', '.join(missing)}",
                hint="make them once: run the workflow `stale` by hand, or `seedbed publish --labels`",
            ) from None

    def _comment(self, number: int, body: str) -> None:
        """A new comment. One that the forge wrote and then failed to tell of is found before it is written again."""
        for last in (False, True):
            try:
                self._rest.call("POST", f"/issues/{number}/comments", {"body": body}, tries=1)
                return
            except ForgeError:
                said = self.conversation(number)
                if any(one and one.body == body for one in (said.comment, said.reminder)):
                    return
                if last:
                    raise


def _login(found: Any) -> str:
    """Whose it is. Of an account that is gone the forge tells nothing, and shows it as `ghost`."""
    return "ghost" if value_of(found, "user") is None else str(value_of(found, "user", "login"))
