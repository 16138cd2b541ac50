"""Why a server answers no request any more, and what to do about it."""

from __future__ import annotations

from seedbed.errors import TeacherError
from seedbed.teacher.endpoint import Reply
from seedbed.teacher.server_address import NO_KEY_SENT

_KEPT = "answers received so far are kept"
_HINTS = {
    401: "check the key in the environment variable that `api_key_variable` names",
    402: "the account behind the key has no credit",
    403: "check that the key may use this model",
    404: "check `url` (up to and with /v1) and `model`, and that the server still serves it",
    429: f"the quota of the key is spent; {_KEPT}",
}


def unusable(address: str, reply: Reply, *, key_sent: bool) -> TeacherError:
    """It refuses, and would refuse every other request; `reply` has a status."""
    assert reply.status is not None
    hint = _HINTS.get(reply.status)
    if reply.status in (401, 403) and not key_sent:
        hint = NO_KEY_SENT
    elif reply.status < 400:
        hint = "redirects are not followed: name the final address"
    return TeacherError(f"the server at {address} answers HTTP {reply.status}: {reply.message}", hint=hint)


def overloaded(address: str, reply: Reply, seconds: float) -> TeacherError:
    """It has said nothing for so long but that it has too much to do."""
    return TeacherError(
        f"the server at {address} has been overloaded for {seconds:g} s: HTTP {reply.status}: {reply.message}",
        hint=f"give the same command again when it has room; {_KEPT}",
    )


def gone(address: str, trouble: str) -> TeacherError:
    """It does not answer at all."""
    return TeacherError(
        f"the server at {address} does not answer: {trouble}",
        hint=f"start it, then give the same command again; {_KEPT}",
    )


def renamed(address: str, name: str, before: object) -> TeacherError:
    """It serves another model now than at first."""
    return TeacherError(
        f"the server at {address} now answers as {name!r}; it began as {before!r}",
        hint=f"name the model that is to write every sample; {_KEPT}",
    )
