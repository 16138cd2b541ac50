"""GitHub's REST API, the few calls of it that a conversation needs (docs.github.com/rest). The edge: nothing is decided here."""

from __future__ import annotations

import time
import urllib.parse
from collections.abc import Callable, Iterator

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
from seedbed.forge.rest import Rest, list_of, value_of

_DECIDE = ("OWNER", "MEMBER", "COLLABORATOR")
_NEWCOMERS = ("FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR")


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
            str(value_of(found, "user", "login")),
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
                login = str(value_of(review, "user", "login"))
                latest[login] = Review(
                    login,
                    state,
                    str(value_of(review, "commit_id")),
                    moment(value_of(review, "submitted_at")),
                    value_of(review, "author_association") in _DECIDE,
                )
        return tuple(latest.values())

    def open_numbers(self, owner: str = "", branch: str = "") -> tuple[int, ...]:
        """Numbers of the open pull requests, all or those from a branch of `owner`."""
        head = {"head": f"{owner}:{branch}"} if owner else {}
        wanted = urllib.parse.urlencode({"state": "open", **head})
        return tuple(int(str(value_of(found, "number"))) for found in self._rest.pages(f"/pulls?{wanted}"))

    def conversation(self, number: int) -> Conversation:
        """What was said so far, reviews and remarks on lines aside."""
        return Conversation.of(self._comments(number), self._login)

    def _comments(self, number: int) -> Iterator[Comment]:
        for comment in self._rest.pages(f"/issues/{number}/comments"):
            body = value_of(comment, "body")
            yield Comment(
                int(str(value_of(comment, "id"))),
                str(value_of(comment, "user", "login")),
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
                call("POST", f"{issue}/labels", {"labels": list(names)})
            case RemoveLabel(name):
                call("DELETE", f"{issue}/labels/{urllib.parse.quote(name, safe='')}", missing_is_fine=True)
            case Assign(logins):
                call("POST", f"{issue}/assignees", {"assignees": list(logins)})
            case AskTeams(names):
                call("POST", f"/pulls/{number}/requested_reviewers", {"team_reviewers": list(names)})
            case Close():
                call("PATCH", f"/pulls/{number}", {"state": "closed"})

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
