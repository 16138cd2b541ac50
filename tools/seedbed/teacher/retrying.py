"""What to do about an answer that is no answer: the decision, from status and headers alone."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum

FIRST_DELAY = 0.5  # seconds; doubles with every attempt
LONGEST_DELAY = 30.0  # seconds
LONGEST_ASKED = 120.0  # seconds: no `Retry-After` holds a request for longer
ATTEMPTS = 8  # with these delays about a minute: a server that is started anew is back by then
_LONGEST_NUMBER = 12  # digits of a `Retry-After`; more is a joke


class Reaction(Enum):
    """How a request goes on after an HTTP status."""

    READ = "read"  # there is an answer
    SLOW_DOWN = (
        "slow down"  # the server has too much to do: fewer requests, and this one again, however often
    )
    RETRY = "retry"  # the server may answer later; a bounded number of times
    REFUSE = "refuse"  # the server will not take this one request; others may be fine
    STOP = "stop"  # no request will be answered: wrong key, address or model


def reaction(status: int) -> Reaction:
    """The reaction to a status of `POST /v1/chat/completions`. Redirects are never followed: a key could leak."""
    if status == 200:
        return Reaction.READ
    if status in (429, 503, 529):  # 529: overloaded, as some hosted services say it
        return Reaction.SLOW_DOWN
    if status in (408, 409, 425) or status >= 500:
        return Reaction.RETRY
    if status in (401, 402, 403, 404, 405) or status < 400:
        return Reaction.STOP
    return Reaction.REFUSE


def delay(attempt: int, *, jitter: float, asked: float = 0.0) -> float:
    """Seconds to wait after failed attempt number `attempt` (from 0).

    `jitter` in [0, 1) spreads the clients: half of the delay is certain, half is chance. What the server `asked` for
    is the least that is waited, up to LONGEST_ASKED.
    """
    backoff = min(LONGEST_DELAY, FIRST_DELAY * 2.0**attempt)
    return min(max(asked, 0.0), LONGEST_ASKED) + backoff * (1 + jitter) / 2


def retry_after_seconds(value: str | None, now: datetime | None = None) -> float:
    """Seconds that a `Retry-After` header asks for (RFC 9110, section 10.2.3): a number or an HTTP date.

    0 without the header, for a moment that has passed, and for whatever is neither form.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text) if len(text) <= _LONGEST_NUMBER else 10.0**_LONGEST_NUMBER
    try:
        date = parsedate_to_datetime(text)
        return max(0.0, (date - (now or datetime.now(UTC))).total_seconds()) if date.tzinfo else 0.0
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0.0
