"""The dated policy for pull requests on which nothing happens: facts → what to do about it. Pure.

An author is reminded, and after a second term the pull request is closed, with how it goes on; nobody is closed who was
not told. A maintainer is reminded and never loses anything. A draft is its author's own time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from seedbed.forge.actions import (
    Action,
    AddLabels,
    Close,
    RemoveComment,
    RemoveLabel,
    WriteComment,
)
from seedbed.forge.facts import OwnComment, PullRequest
from seedbed.forge.labels import IDLE
from seedbed.forge.outcome import Outcome
from seedbed.forge.standing import Next, Standing, standing

LEAST_NOTICE = 7
"""Days between a reminder and the end at least, whatever the settings say."""
REMINDER = "<!-- seedbed:reminder:v1 -->\n"
"""How a reminder begins, by which it is found."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited, in days; without `close` nothing is ever closed."""

    remind: int
    close: int | None

    @property
    def notice(self) -> timedelta:
        """How long after a reminder nothing is closed."""
        return timedelta(days=max(LEAST_NOTICE, (self.close or 0) - self.remind))


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is known at `now`: the last check of the head (None: there is none), our reminder, and the last word of anybody."""

    pull_request: PullRequest
    now: datetime
    outcome: Outcome | None
    reminder: OwnComment | None = None
    last_word: datetime | None = None

    @property
    def idle_since(self) -> datetime:
        """The last moment at which somebody did something."""
        moments = [self.pull_request.opened, *(review.at for review in self.pull_request.reviews)]
        moments += [one for one in (self.last_word, self.outcome and self.outcome.waits_since) if one]
        return max(moments)


def actions_of_waiting(facts: Waiting, patience: Patience) -> tuple[Action, ...]:
    """What is to be done today; playing it again the same day does nothing."""
    where = standing(facts.outcome, facts.pull_request)
    idle = facts.now - facts.idle_since
    if not facts.pull_request.open or where is Standing.DRAFT or idle < timedelta(days=patience.remind):
        return tuple(_forgotten(facts))
    told = facts.reminder if facts.reminder and facts.reminder.at > facts.idle_since else None
    if told is None:
        return tuple(_reminded(facts, where, patience))
    if where.next is not Next.AUTHOR or patience.close is None:
        return ()
    if idle < timedelta(days=patience.close) or facts.now - told.at < patience.notice:
        return ()
    body = f"{REMINDER}{_CLOSED}"
    return WriteComment(body, told.id), Close()


_CLOSED = (
    "Nothing has happened here for long, so this is closed. Nothing is lost: push to the branch and reopen it, and it is "
    "checked anew; or a maintainer takes it over.\n"
)


def _reminded(facts: Waiting, where: Standing, patience: Patience) -> Iterator[Action]:
    days = (facts.now - facts.idle_since).days
    if facts.reminder is not None:  # of an earlier silence
        yield RemoveComment(facts.reminder.id)
    yield WriteComment(f"{REMINDER}{_reminder(facts, where, patience, days)}", None)
    if IDLE not in facts.pull_request.labels:
        yield AddLabels((IDLE,))


def _reminder(facts: Waiting, where: Standing, patience: Patience, days: int) -> str:
    if where.next is not Next.AUTHOR:
        return f"This has waited for a maintainer for {days} days. Whoever wrote it has nothing to do but wait.\n"
    text = f"This has waited for its author for {days} days; the comment above says what for. A word is enough to keep it open."
    if patience.close is None:
        return f"{text}\n"
    end = max(facts.idle_since + timedelta(days=patience.close), facts.now + patience.notice)
    return f"{text} On {end:%Y-%m-%d} it is closed, and can be reopened at any time.\n"


def _forgotten(facts: Waiting) -> Iterator[Action]:
    """Somebody did something: the reminder is no longer true. One on a closed pull request says why it is, and stays."""
    if facts.reminder is not None and facts.pull_request.open:
        yield RemoveComment(facts.reminder.id)
    if IDLE in facts.pull_request.labels:
        yield RemoveLabel(IDLE)
