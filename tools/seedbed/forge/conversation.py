"""What a forge has to be able to do for a conversation, and what is read of the comments on a pull request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from seedbed.errors import ForgeError
from seedbed.forge.actions import Action
from seedbed.forge.facts import OwnComment, PullRequest
from seedbed.forge.sections import MARKER
from seedbed.forge.waiting import REMINDER


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as the forge tells it."""

    id: int
    login: str
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Conversation:
    """Our comment, our reminder, and when anybody else said something last."""

    comment: OwnComment | None = None
    reminder: OwnComment | None = None
    last_word: datetime | None = None

    @classmethod
    def of(cls, comments: Iterable[Comment], login: str) -> Conversation:
        """Ours are those by `login` that begin with our marker: anybody can copy the marker, nobody the login."""
        comment = reminder = last_word = None
        for one in comments:
            if one.login != login:
                last_word = max(last_word or one.at, one.at)
            elif one.body.startswith(MARKER):
                comment = comment or OwnComment(one.id, one.body, one.at)
            elif one.body.startswith(REMINDER):
                reminder = reminder or OwnComment(one.id, one.body, one.at)
        return cls(comment, reminder, last_word)


class Forge(Protocol):
    """One repository. Every call raises ForgeError when the forge does not answer as it should."""

    def pull_request(self, number: int) -> PullRequest:
        """The pull request as it stands now, with the last word of each reviewer."""
        ...

    def open_numbers(self, owner: str = "", branch: str = "") -> tuple[int, ...]:
        """Numbers of the open pull requests, all or those from a branch of `owner`."""
        ...

    def conversation(self, number: int) -> Conversation:
        """What was said so far."""
        ...

    def perform(self, number: int, action: Action) -> None:
        """Do one thing. Doing it twice leaves what doing it once does."""
        ...


def moment(text: Any) -> datetime:
    """A time as forges write it. Raises ForgeError for anything else."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise ForgeError("the forge's answer has no time where one belongs") from error
    if found.tzinfo is None:
        raise ForgeError("the forge's answer has a time without a zone")
    return found
