"""A real HTTP server that speaks the few calls of GitHub's API which we make, and fails, limits and lies as a script says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

REPOSITORY = "seedbed/seedbed"
BOT = "github-actions[bot]"
TOKEN = "a-token"
LABELLING_TOKEN = "a-token-that-makes-labels"
"""What a job with `issues: write` has: without it, no label is made."""
RUNS_TOKEN = "a-token-that-reads-runs"
"""What a job with `actions: read` has, and nothing that writes."""
AT = "2026-11-20T10:00:00Z"


@dataclass
class Fault:
    """What is said instead of the truth; `after` does the thing first, as a gateway that loses the answer."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    after: bool = False
    drop: bool = False


@dataclass
class Forge:
    """A repository's pull requests. `faults` maps `METHOD /path` to what is said to the next such calls; `known` are the labels
    that there are, every one that is asked for unless given."""

    address: str = ""
    pulls: dict[int, dict[str, Any]] = field(default_factory=dict)
    reviews: list[dict[str, Any]] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    known: list[dict[str, Any]] | None = None
    artifacts: list[tuple[str, int]] = field(default_factory=list)
    runs: dict[int, str] = field(default_factory=dict)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    page: int = 100
    prefix: str = f"/repos/{REPOSITORY}"
    credentials: tuple[str, str] = ("Authorization", f"Bearer {TOKEN}")
    labelling: str = f"Bearer {LABELLING_TOKEN}"

    def add_pull(
        self, number: int, head: str, *, author: str = "robin", labels: tuple[str, ...] = ()
    ) -> None:
        """An open pull request from the branch `change` of a fork."""
        self.pulls[number] = {
            "number": number,
            "state": "open",
            "draft": False,
            "head": {"sha": head, "label": f"{author}:change"},
            "user": {"login": author},
            "created_at": AT,
            "author_association": "CONTRIBUTOR",
            "requested_teams": [],
            "labels": [{"name": name} for name in labels],
            "assignees": [],
        }

    def add_comment(self, body: str | None, *, login: str = BOT, at: str = AT) -> None:
        """A comment on every pull request."""
        number = 1 + max((comment["id"] for comment in self.comments), default=0)
        self.comments.append({"id": number, "user": {"login": login}, "body": body, "created_at": at})

    def labels(self, number: int) -> list[str]:
        return sorted(label["name"] for label in self.pulls[number]["labels"])

    def changes(self) -> list[str]:
        """The calls that change something."""
        return [call for call in self.calls if not call.startswith("GET")]

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        """Do what a call asks for."""
        match path.strip("/").split("/"):
            case ["pulls"]:
                head = query.get("head", [""])[0]
                here = [pull for pull in self.pulls.values() if pull["state"] == "open"]
                return 200, [pull for pull in here if head in ("", pull["head"]["label"])]
            case ["pulls", number] if method == "PATCH":
                self.pulls[int(number)] |= body
                return 200, self.pulls[int(number)]
            case ["pulls", number]:
                return 200, self.pulls[int(number)]
            case ["pulls", number, "requested_reviewers"]:
                asked = [{"slug": team} for team in body["team_reviewers"]]
                self.pulls[int(number)]["requested_teams"] += asked
                return 201, self.pulls[int(number)]
            case ["pulls", _, "reviews"]:
                return 200, self.reviews
            case ["pulls", _, "files"]:
                return 200, self.files
            case ["actions", "artifacts"]:
                found = [run for name, run in self.artifacts if [name] == query["name"]]
                return 200, {"artifacts": [{"workflow_run": {"id": run}} for run in found]}
            case ["actions", "runs", run]:
                return 200, {"event": self.runs[int(run)]}
            case ["labels"] if method == "GET":
                return 200, self.known or []
            case ["labels"]:
                self.known = [*(self.known or []), body]
                return 201, body
            case ["issues", _, "comments"] if method == "GET":
                return 200, self.comments
            case ["issues", "comments", id] if method == "PATCH":
                [comment] = [one for one in self.comments if one["id"] == int(id)]
                comment["body"] = body["body"]
                return 200, comment
            case ["issues", "comments", id] if method == "DELETE":
                self.comments = [one for one in self.comments if one["id"] != int(id)]
                return 204, None
            case ["issues", _, "comments"]:
                self.add_comment(body["body"])
                return 201, self.comments[-1]
            case ["issues", number, "labels", name]:
                pull = self.pulls[int(number)]
                pull["labels"] = [label for label in pull["labels"] if label["name"] != name]
                return 200, pull["labels"]
            case ["issues", number, "labels"]:
                if self.known is not None and not set(body["labels"]) <= {one["name"] for one in self.known}:
                    return 403, {"message": "You do not have permission to create labels on this repository."}
                self.pulls[int(number)]["labels"] += [{"name": name} for name in body["labels"]]
                return 200, self.pulls[int(number)]["labels"]
            case ["issues", number, "assignees"]:
                self.pulls[int(number)]["assignees"] += [{"login": login} for login in body["assignees"]]
                return 201, self.pulls[int(number)]
        return 404, {"message": "Not Found"}


def _handler(forge: Forge) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            url = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = unquote(url.path).removeprefix(forge.prefix)
            call = f"{self.command} {path}"
            forge.calls.append(call)
            waiting = forge.faults.get(call, [])
            fault = waiting.pop(0) if waiting else None
            query = parse_qs(url.query)
            if fault is None or fault.after:
                name, value = forge.credentials
                given = self.headers.get(name)
                if (
                    given != value
                    and not (path == "/labels" and given == forge.labelling)
                    and not (call.startswith("GET /actions/") and given == f"Bearer {RUNS_TOKEN}")
                ):
                    return self._say(401, b"{}", {})
                if call == "POST /labels" and given != forge.labelling:
                    return self._say(403, b"{}", {})
                status, found = forge.answer(self.command, path, query, json.loads(raw) if raw else None)
            if fault is not None and fault.drop:
                self.close_connection = True
                return None
            if fault is not None:
                return self._say(fault.status, fault.body, fault.headers)
            headers = {}
            if isinstance(found, list) and self.command == "GET":
                at = int(query.get("page", ["1"])[0])
                if len(found) > at * forge.page:
                    headers["Link"] = f'<{forge.address}{url.path}?page={at + 1}>; rel="next"'
                found = found[(at - 1) * forge.page : at * forge.page]
            return self._say(status, json.dumps(found).encode(), headers)

        def _say(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve

        def log_message(self, *_: object) -> None:
            return None

    return Handler


@contextmanager
def forge_server(
    prepare: Callable[[Forge], None] = lambda forge: None, forge: Forge | None = None
) -> Iterator[Forge]:
    """Run the forge, GitHub unless another is given, in a thread on a free port of the loopback interface."""
    forge = forge or Forge()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(forge))
    forge.address = f"http://127.0.0.1:{server.server_address[1]}"
    prepare(forge)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield forge
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
