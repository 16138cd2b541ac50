"""GitHub's REST API, the few calls of it that a conversation needs (docs.github.com/rest). The edge: nothing is decided here.

The standard library's client is enough for a dozen calls a run and leaves the publisher with nothing to install.
"""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from http.client import HTTPException
from typing import Any

from seedbed.errors import ForgeError
from seedbed.forge.actions import Action, AddLabels, Assign, RemoveLabel, WriteComment
from seedbed.forge.facts import OwnComment, PullRequest, Review
from seedbed.forge.sections import MARKER

_ANSWER_LIMIT = 16 << 20  # bytes
_MOST_PAGES = 30
_TRIES = 5
_LONGEST_WAIT = 60.0  # seconds before one more try
_NEXT = re.compile(r'<([^<>]+)>;\s*rel="next"')


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token to wherever it points."""

    def redirect_request(self, *arguments: Any) -> None:
        return None


class GitHub:
    """One repository. Every call raises ForgeError when the forge does not answer as it should."""

    def __init__(
        self, api: str, repository: str, token: str, *, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._root = f"{api.rstrip('/')}/repos/{repository}"
        self._origin = urllib.parse.urlsplit(api)[:2]
        self._token = token
        self._sleep = sleep
        self._opener = urllib.request.build_opener(_NoRedirect)

    def pull_request(self, number: int) -> PullRequest:
        """The pull request as it stands now, with the last word of each reviewer."""
        found = self._call("GET", f"/pulls/{number}")
        latest = {}
        for review in self._pages(f"/pulls/{number}/reviews"):
            if _of(review, "state") in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED"):
                login = str(_of(review, "user", "login"))
                latest[login] = Review(login, str(_of(review, "state")), str(_of(review, "commit_id")))
        return PullRequest(
            number,
            str(_of(found, "head", "sha")),
            str(_of(found, "user", "login")),
            bool(_of(found, "draft")),
            _of(found, "state") == "open",
            frozenset(str(_of(label, "name")) for label in _list(_of(found, "labels"))),
            frozenset(str(_of(person, "login")) for person in _list(_of(found, "assignees"))),
            tuple(latest.values()),
        )

    def open_numbers(self, owner: str, branch: str) -> tuple[int, ...]:
        """Numbers of the open pull requests from a branch of `owner`."""
        wanted = urllib.parse.urlencode({"state": "open", "head": f"{owner}:{branch}"})
        return tuple(int(str(_of(found, "number"))) for found in self._pages(f"/pulls?{wanted}"))

    def own_comment(self, number: int, login: str) -> OwnComment | None:
        """The first comment by `login` that begins with our marker: anybody can copy the marker, nobody the login."""
        for comment in self._pages(f"/issues/{number}/comments"):
            body = _of(comment, "body")
            if _of(comment, "user", "login") == login and isinstance(body, str) and body.startswith(MARKER):
                return OwnComment(int(str(_of(comment, "id"))), body)
        return None

    def perform(self, number: int, action: Action, *, login: str) -> None:
        """Do one thing. Doing it twice leaves what doing it once does."""
        match action:
            case WriteComment(body, None):
                self._comment(number, body, login)
            case WriteComment(body, id):
                self._call("PATCH", f"/issues/comments/{id}", {"body": body})
            case AddLabels(names):
                self._call("POST", f"/issues/{number}/labels", {"labels": list(names)})
            case RemoveLabel(name):
                quoted = urllib.parse.quote(name, safe="")
                self._call("DELETE", f"/issues/{number}/labels/{quoted}", missing_is_fine=True)
            case Assign(logins):
                self._call("POST", f"/issues/{number}/assignees", {"assignees": list(logins)})

    def _comment(self, number: int, body: str, login: str) -> None:
        """A new comment. One that the forge wrote and then failed to tell of is found before it is written again."""
        for last in (False, True):
            try:
                self._call("POST", f"/issues/{number}/comments", {"body": body}, tries=1)
                return
            except ForgeError:
                written = self.own_comment(number, login)
                if written is not None:
                    self._call("PATCH", f"/issues/comments/{written.id}", {"body": body})
                    return
                if last:
                    raise

    def _pages(self, path: str) -> Iterator[Any]:
        """Items of every page. A next page on another host, or one page too many, is an error."""
        join = "&" if "?" in path else "?"
        url: str | None = f"{self._root}{path}{join}per_page=100"
        for _ in range(_MOST_PAGES):
            if url is None:
                return
            items, headers = self._answer("GET", url, None, _TRIES)
            yield from _list(items)
            following = _NEXT.search(headers.get("Link") or "")
            url = following[1] if following else None
            if url is not None and urllib.parse.urlsplit(url)[:2] != self._origin:
                raise ForgeError("the forge names another host for its next page")
        if url is not None:
            raise ForgeError(f"the forge has more than {_MOST_PAGES} pages to show")

    def _call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        tries: int = _TRIES,
        missing_is_fine: bool = False,
    ) -> Any:
        return self._answer(method, f"{self._root}{path}", body, tries, missing_is_fine)[0]

    def _answer(
        self, method: str, url: str, body: object, tries: int, missing_is_fine: bool = False
    ) -> tuple[Any, Any]:
        """The JSON and headers of an answer; tries again after what may pass, as long as the forge asks to wait."""
        what = f"{method} {urllib.parse.urlsplit(url).path}"
        for attempt in range(tries):
            try:
                return self._once(method, url, body)
            except urllib.error.HTTPError as error:
                with error:
                    problem = f"{what}: the forge answered {error.code}"
                    wait = _wait(error.code, error.headers, attempt)
                if error.code == 404 and missing_is_fine:
                    return None, {}
                if wait is None:
                    raise ForgeError(problem, hint=_hint(error.code)) from error
            except (OSError, HTTPException) as error:
                problem, wait = f"{what}: no answer ({type(error).__name__})", float(2**attempt)
            if attempt + 1 < tries:
                self._sleep(wait)
        raise ForgeError(f"{problem}, {tries} times" if tries > 1 else problem)

    def _once(self, method: str, url: str, body: object) -> tuple[Any, Any]:
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self._token}",
            "User-Agent": "seedbed",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(url, data=data, headers=headers, method=method)
        with self._opener.open(request, timeout=20) as answer:
            raw = answer.read(_ANSWER_LIMIT + 1)
            if len(raw) > _ANSWER_LIMIT:
                raise ForgeError(f"the forge answered more than {_ANSWER_LIMIT >> 20} MiB")
            try:
                return (json.loads(raw) if raw else None), answer.headers
            except (ValueError, RecursionError) as error:
                raise ForgeError("the forge answered something that is not JSON") from error


def _wait(code: int, headers: Any, attempt: int) -> float | None:
    """Seconds to wait before trying again; None when that would not help, or would take too long."""
    asked = headers.get("Retry-After") or ""
    if asked.isascii() and asked.isdigit() and code in (403, 429, 500, 502, 503, 504):
        return float(asked) if float(asked) <= _LONGEST_WAIT else None
    if code in (429, 500, 502, 503, 504):
        return min(float(2**attempt), _LONGEST_WAIT)
    return None


def _hint(code: int) -> str | None:
    return {
        401: "the token is not valid",
        403: "the job needs `pull-requests: write`, or the forge wants fewer calls: run it again later",
        404: "the token cannot see it, or it is gone",
    }.get(code)


def _of(value: Any, *keys: str) -> Any:
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            raise ForgeError(f"the forge's answer lacks {'.'.join(keys)}")
        value = value[key]
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ForgeError("the forge's answer is not a list")
    return value
