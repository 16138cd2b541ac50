"""JSON over HTTP with a forge that fails, limits and lies: bounded answers, bounded waiting, no redirect, one host.

The standard library's client is enough for a dozen calls a run and leaves the publisher with nothing to install.
"""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPException
from typing import Any

from seedbed.errors import ForgeError

_ANSWER_LIMIT = 16 << 20  # bytes
_MOST_PAGES = 30
_TRIES = 5
_LONGEST_WAIT = 60.0  # seconds before one more try
_WORDS_LIMIT = 65_536  # bytes of a refusal that are read
_NEXT = re.compile(r'<([^<>]+)>;\s*rel="next"')


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token to wherever it points."""

    def redirect_request(self, *arguments: Any) -> None:
        return None


class Rest:
    """One API below `root`. Every call raises ForgeError when the forge does not answer as it should."""

    def __init__(
        self, root: str, headers: Mapping[str, str], *, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._root = root
        self._origin = urllib.parse.urlsplit(root)[:2]
        self._headers = {"User-Agent": "seedbed", **headers}
        self._sleep = sleep
        self._opener = urllib.request.build_opener(_NoRedirect)

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        tries: int = _TRIES,
        missing_is_fine: bool = False,
    ) -> Any:
        """The JSON of an answer; None for a thing that is gone, where that is fine."""
        return self._answer(method, f"{self._root}{path}", body, tries, missing_is_fine)[0]

    def pages(self, path: str) -> Iterator[Any]:
        """Items of every page. A next page on another host, or one page too many, is an error."""
        join = "&" if "?" in path else "?"
        url: str | None = f"{self._root}{path}{join}per_page=100"
        for _ in range(_MOST_PAGES):
            if url is None:
                return
            items, headers = self._answer("GET", url, None, _TRIES)
            yield from list_of(items)
            following = _NEXT.search(headers.get("Link") or "")
            url = following[1] if following else None
            if url is not None and urllib.parse.urlsplit(url)[:2] != self._origin:
                raise ForgeError("the forge names another host for its next page")
        if url is not None:
            raise ForgeError(f"the forge has more than {_MOST_PAGES} pages to show")

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
                    limited = _limited(error)
                    wait = _wait(error.code, error.headers, attempt) if limited is None else limited
                if error.code == 404 and missing_is_fine:
                    return None, {}
                if wait is None or wait > _LONGEST_WAIT:
                    raise ForgeError(problem, hint=_hint(error.code, limited)) from error
            except (OSError, HTTPException) as error:
                problem, wait = f"{what}: no answer ({type(error).__name__})", float(2**attempt)
            if attempt + 1 < tries:
                self._sleep(wait)
        raise ForgeError(f"{problem}, {tries} times" if tries > 1 else problem)

    def _once(self, method: str, url: str, body: object) -> tuple[Any, Any]:
        headers = dict(self._headers)
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


def _limited(error: urllib.error.HTTPError) -> float | None:
    """Seconds until the forge takes calls again, where it says that there were too many; None where it says no such thing.

    It says so in three ways: how long to wait, when an hour's calls begin anew, or in words alone, which mean a minute
    (docs.github.com, about rate limits).
    """
    if error.code not in (403, 429):
        return None
    asked = _number(error.headers.get("Retry-After"))
    if asked is not None:
        return asked
    anew = _number(error.headers.get("X-RateLimit-Reset"))
    if error.headers.get("X-RateLimit-Remaining") == "0" and anew is not None:
        return max(1.0, anew - time.time() + 1)
    if b"rate limit" in error.read(_WORDS_LIMIT):
        return _LONGEST_WAIT
    return None


def _number(text: str | None) -> float | None:
    return float(text) if text and text.isascii() and text.isdigit() else None


def _wait(code: int, headers: Any, attempt: int) -> float | None:
    """Seconds to wait before trying again; None when that would not help."""
    if code not in (429, 500, 502, 503, 504):
        return None
    asked = _number(headers.get("Retry-After"))
    return min(float(2**attempt), _LONGEST_WAIT) if asked is None else asked


def _hint(code: int, limited: float | None) -> str | None:
    if limited is not None:
        return f"the forge wants fewer calls: run it again in {limited / 60:,.0f} minutes"
    return {
        401: "the token is not valid",
        403: "the job needs `pull-requests: write`",
        404: "the token cannot see it, or it is gone",
        422: "the forge does not take it: is everyone whom CODEOWNERS names a member?",
    }.get(code)


def value_of(value: Any, *keys: str) -> Any:
    """What stands below the keys. Raises ForgeError when one of them is not there."""
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            raise ForgeError(f"the forge's answer lacks {'.'.join(keys)}")
        value = value[key]
    return value


def list_of(value: Any) -> list[Any]:
    """The value, which is a list. Raises ForgeError when it is not."""
    if not isinstance(value, list):
        raise ForgeError("the forge's answer is not a list")
    return value
