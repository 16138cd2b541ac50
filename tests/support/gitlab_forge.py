"""The few calls of GitLab's API which we make, for the server of `forge_server`. It obeys quick actions, as GitLab does."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from support.forge_server import AT, TOKEN, Forge

LOGIN = "seedbed-bot"
PEOPLE = {"ada": 11, "grace": 12, "robin": 13, LOGIN: 99}


@dataclass
class GitLabForge(Forge):
    """One project with merge requests; `commands` are the quick actions that notes held."""

    prefix: str = "/projects/42"
    credentials: tuple[str, str] = ("PRIVATE-TOKEN", TOKEN)
    labelling: str = TOKEN
    approved_by: list[str] = field(default_factory=list)
    reviewers: dict[str, str] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)

    def add_merge_request(self, number: int, head: str, *, labels: tuple[str, ...] = ()) -> None:
        """An open one from a fork, its author's first."""
        self.pulls[number] = {
            "iid": number,
            "sha": head,
            "state": "opened",
            "draft": False,
            "author": {"username": "robin"},
            "created_at": "2026-11-20T10:00:00.000Z",
            "first_contribution": True,
            "labels": list(labels),
            "assignees": [],
        }

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        match path.strip("/").split("/"):
            case ["user"]:
                return 200, {"username": LOGIN}
            case ["users"]:
                [name] = query["username"]
                return 200, [{"id": PEOPLE[name], "username": name}] if name in PEOPLE else []
            case ["labels"] if method == "GET":
                return 200, self.known or []
            case ["labels"]:
                self.known = [*(self.known or []), body]
                return 201, body
            case ["merge_requests"]:
                return 200, [one for one in self.pulls.values() if one["state"] == query["state"][0]]
            case ["merge_requests", number] if method == "GET":
                return 200, self.pulls[int(number)]
            case ["merge_requests", number]:
                return 200, self._change(self.pulls[int(number)], body)
            case ["merge_requests", _, "approvals"]:
                return 200, {"approved_by": [{"user": {"username": name}} for name in self.approved_by]}
            case ["merge_requests", _, "reviewers"]:
                return 200, [
                    {"user": {"username": name}, "state": state} for name, state in self.reviewers.items()
                ]
            case ["merge_requests", _, "notes"] if method == "GET":
                return 200, self.comments
            case ["merge_requests", _, "notes", id] if method == "DELETE":
                self.comments = [one for one in self.comments if one["id"] != int(id)]
                return 204, None
            case ["merge_requests", _, "notes", *id]:
                self.commands += re.findall(r"(?m)^/\w+.*", body["body"])
                if id:
                    [note] = [one for one in self.comments if one["id"] == int(id[0])]
                    note["body"] = body["body"]
                    return 200, note
                self.add_note(body["body"])
                return 201, self.comments[-1]
        return 404, {"message": "404 Not found"}

    def add_note(self, body: str, *, login: str = LOGIN, system: bool = False) -> None:
        """A note on every merge request."""
        number = 1 + max((note["id"] for note in self.comments), default=0)
        author = {"username": login}
        self.comments.append(
            {"id": number, "author": author, "body": body, "created_at": AT, "system": system}
        )

    def _change(self, request: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        added = [name for name in body.get("add_labels", "").split(",") if name]
        gone = body.get("remove_labels", "").split(",")
        request["labels"] = [name for name in dict.fromkeys([*request["labels"], *added]) if name not in gone]
        if "assignee_ids" in body:
            names = {number: name for name, number in PEOPLE.items()}
            request["assignees"] = [{"id": one, "username": names[one]} for one in body["assignee_ids"]]
        if body.get("state_event") == "close":
            request["state"] = "closed"
        return request
