"""GitLab's REST API, the few calls of it that a conversation needs (docs.gitlab.com/api). The edge: nothing is decided here.

A line of a note that begins with `/close` and the like is a command there. Ours never begin so: a space of no width stands
before each slash, and is taken off again when the note is read.
"""

from __future__ import annotations

import re
import time
import urllib.parse
from collections.abc import Callable, Iterator
from functools import cached_property

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

_NO_WIDTH = "\u200b"  # in a stranger's text it is written as an escape, so that this one is ours


class GitLab:
    """One project; our notes are those of `login`, by default of whoever the token belongs to."""

    def __init__(
        self,
        api: str,
        project: str,
        token: str,
        *,
        login: str = "",
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        headers = {"PRIVATE-TOKEN": token}
        self._everywhere = Rest(api.rstrip("/"), headers, sleep=sleep)
        quoted = urllib.parse.quote(project, safe="")
        self._rest = Rest(f"{api.rstrip('/')}/projects/{quoted}", headers, sleep=sleep)
        self._given_login = login

    @cached_property
    def _login(self) -> str:
        return self._given_login or str(value_of(self._everywhere.call("GET", "/user"), "username"))

    def pull_request(self, number: int) -> PullRequest:
        """The merge request as it stands now. Reviews name no commit there: they count for the last one."""
        found = self._rest.call("GET", f"/merge_requests/{number}")
        head, opened = str(value_of(found, "sha")), moment(value_of(found, "created_at"))
        reviewed = {
            str(value_of(one, "user", "username")): str(value_of(one, "state")).upper()
            for one in self._rest.pages(f"/merge_requests/{number}/reviewers")
        }
        approvals = self._rest.call("GET", f"/merge_requests/{number}/approvals")
        for one in list_of(value_of(approvals, "approved_by")):
            reviewed[str(value_of(one, "user", "username"))] = "APPROVED"
        states = {"APPROVED": "APPROVED", "REQUESTED_CHANGES": "CHANGES_REQUESTED"}
        return PullRequest(
            number,
            head,
            str(value_of(found, "author", "username")),
            opened,
            bool(value_of(found, "draft")),
            value_of(found, "state") == "opened",
            bool(found.get("first_contribution")),
            frozenset(map(str, list_of(value_of(found, "labels")))),
            frozenset(str(value_of(one, "username")) for one in list_of(value_of(found, "assignees"))),
            reviews=tuple(
                Review(login, states[state], head, opened)
                for login, state in reviewed.items()
                if state in states
            ),
        )

    def open_numbers(self, owner: str = "", branch: str = "", head: str = "") -> tuple[int, ...]:
        """Numbers of the open merge requests, all or those from a branch; the pipeline names its own, whoever it is of."""
        source = {"source_branch": branch} if branch else {}
        wanted = urllib.parse.urlencode({"state": "opened", **source})
        found = self._rest.pages(f"/merge_requests?{wanted}")
        return tuple(int(str(value_of(one, "iid"))) for one in found if head in ("", value_of(one, "sha")))

    def changes_own_check(self, number: int) -> bool:
        """Never told: a pipeline there is the merge request's own, this publisher included."""
        return False

    def conversation(self, number: int) -> Conversation:
        """What was said so far, GitLab's own notes aside."""
        return Conversation.of(self._comments(number), self._login)

    def _comments(self, number: int) -> Iterator[Comment]:
        for note in self._rest.pages(f"/merge_requests/{number}/notes?sort=asc&order_by=created_at"):
            if not value_of(note, "system"):
                yield Comment(
                    int(str(value_of(note, "id"))),
                    str(value_of(note, "author", "username")),
                    str(value_of(note, "body")).replace(f"{_NO_WIDTH}/", "/"),
                    moment(value_of(note, "created_at")),
                )

    def perform(self, number: int, action: Action) -> None:
        """Do one thing. Doing it twice leaves what doing it once does."""
        call, request = self._rest.call, f"/merge_requests/{number}"
        match action:
            case WriteComment(body, None):
                call("POST", f"{request}/notes", {"body": _without_commands(body)}, tries=1)
            case WriteComment(body, id):
                call("PUT", f"{request}/notes/{id}", {"body": _without_commands(body)})
            case RemoveComment(id):
                call("DELETE", f"{request}/notes/{id}", missing_is_fine=True)
            case AddLabels(names):
                call("PUT", request, {"add_labels": ",".join(names)})
            case RemoveLabel(name):
                call("PUT", request, {"remove_labels": name})
            case Assign(logins):
                self._assign(request, logins)
            case AskTeams():
                pass  # GitLab asks groups by the project's own approval rules
            case Close():
                call("PUT", request, {"state_event": "close"})

    def label_names(self) -> frozenset[str]:
        """Names of the labels that the project has, its group's among them."""
        return frozenset(str(value_of(label, "name")) for label in self._rest.pages("/labels"))

    def make_label(self, label: Label) -> None:
        """Make a label that is missing."""
        fields = {"name": label.name, "color": f"#{label.colour}", "description": label.description}
        self._rest.call("POST", "/labels", fields)

    def _assign(self, request: str, logins: tuple[str, ...]) -> None:
        """Besides those that are; who has no account is left out."""
        there = list_of(value_of(self._rest.call("GET", request), "assignees"))
        ids = [int(value_of(person, "id")) for person in there]
        for login in logins:
            wanted = urllib.parse.urlencode({"username": login})
            ids += [int(value_of(person, "id")) for person in self._everywhere.pages(f"/users?{wanted}")]
        self._rest.call("PUT", request, {"assignee_ids": list(dict.fromkeys(ids))})


def _without_commands(body: str) -> str:
    return re.sub(r"(?m)^([^\S\n]*)/", rf"\1{_NO_WIDTH}/", body)
