"""What to do about an answer that is no answer: the decision, from status and headers alone."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum

FIRST_DELAY = 0.5  # seconds; doubles with every attempt
LONGEST_DELAY = 30.0  # seconds, unless the server asks for more
ATTEMPTS = 6


class Reaction(Enum):
    """How a request goes on after an HTTP status."""

    READ = "read"  # there is an answer
    RETRY = "retry"  # the server may answer later
    REFUSE = "refuse"  # the server will not take this one request; others may be fine
    STOP = "stop"  # no request will be answered: wrong key, address or model


def reaction(status: int) -> Reaction:
    """The reaction to a status of `POST /v1/chat/completions`. Redirects are never followed: a key could leak."""
    if status == 200:
        return Reaction.READ
    if status in (408, 409, 425, 429) or status >= 500:
        return Reaction.RETRY
    if status in (401, 402, 403, 404, 405) or status < 400:
        return Reaction.STOP
    return Reaction.REFUSE


def delay(
    attempt: int, *, jitter: float, retry_after: str | None = None, now: datetime | None = None
) -> float:
    """Seconds to wait after failed attempt number `attempt` (from 0).

    `jitter` in [0, 1) spreads the clients: half of the delay is certain, half is chance. A server's `Retry-After`, in
    seconds or as an HTTP date, is the least that is waited.
    """
    backoff = min(LONGEST_DELAY, FIRST_DELAY * 2.0**attempt)
    asked = _retry_after_seconds(retry_after, now or datetime.now(UTC))
    return max(asked, 0.0) + backoff * (1 + jitter) / 2


def _retry_after_seconds(value: str | None, now: datetime) -> float:
    if value is None:
        return 0.0
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return 0.0  # not a form of Retry-After: the backoff alone decides
    return (date - now).total_seconds() if date.tzinfo else 0.0
