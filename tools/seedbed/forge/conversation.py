"""What a forge has to be able to do for a conversation, and what is read of the comments on a pull request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from seedbed.errors import ForgeError
from seedbed.forge.actions import Action
from seedbed.forge.facts import OwnComment, PullRequest
from seedbed.forge.labels import Label
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
    """Our comment, our reminder, and when anybody else said something last.

    `doubles` are more comments of ours: two runs that found none at the same moment both wrote one.
    """

    comment: OwnComment | None = None
    reminder: OwnComment | None = None
    last_word: datetime | None = None
    doubles: tuple[OwnComment, ...] = ()

    @classmethod
    def of(cls, comments: Iterable[Comment], login: str) -> Conversation:
        """Ours are those by `login` that begin with our marker: anybody can copy the marker, nobody the login."""
        ours: list[OwnComment] = []
        reminder = last_word = None
        for one in comments:
            if one.login != login:
                last_word = max(last_word or one.at, one.at)
            elif one.body.startswith(MARKER):
                ours.append(OwnComment(one.id, one.body, one.at))
            elif one.body.startswith(REMINDER):
                reminder = reminder or OwnComment(one.id, one.body, one.at)
        return cls(ours[0] if ours else None, reminder, last_word, tuple(ours[1:]))


class Forge(Protocol):
    """One repository. Every call raises ForgeError when the forge does not answer as it should."""

    def pull_request(self, number: int) -> PullRequest:
        """The pull request as it stands now, with the last word of each reviewer."""
        ...

    def open_numbers(self, owner: str = "", branch: str = "", head: str = "") -> tuple[int, ...]:
        """Numbers of the open pull requests: all, those from a branch of `owner`, or those whose last commit is `head`."""
        ...

    def changes_own_check(self, number: int) -> bool:
        """Whether the pull request changes what checks it, so that the verdict is its own word."""
        ...

    def conversation(self, number: int) -> Conversation:
        """What was said so far."""
        ...

    def perform(self, number: int, action: Action) -> None:
        """Do one thing. Doing it twice leaves what doing it once does."""
        ...

    def label_names(self) -> frozenset[str]:
        """Names of the labels that the repository has."""
        ...

    def make_label(self, label: Label) -> None:
        """Make a label that is missing."""
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
