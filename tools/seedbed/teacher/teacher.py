"""The teacher, whatever runs it: a request goes in, a completion comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class FinishReason(StrEnum):
    """Why an answer ended; all but STOP are outcomes to count, not errors to raise."""

    STOP = "stop"
    LENGTH = "length"  # cut off at max_tokens
    REFUSED = "refused"  # content filter, or the server would not take this one request
    FAILED = "failed"  # no answer after the retries; `Completion.detail` says why


class Cause(StrEnum):
    """Why a request got no answer that could be used, in words that can be counted; see also `http_cause`."""

    TIMED_OUT = "timed out"
    CONNECTION = "connection broken"
    MALFORMED = "malformed answer"  # not of the protocol, or no text
    OFF_FORM = "not the form asked for"  # outside its closed list, or not the JSON of its schema
    ANSWER_TOO_LONG = "answer too long"  # longer than any answer of so many tokens
    PROMPT_TOO_LONG = "prompt too long"
    PROMPT_NOT_TAKEN = "prompt not accepted"  # by the chat template of the model
    NO_GRAMMAR = "JSON not supported"  # nothing here holds the model to a schema
    FILTERED = "content filter"
    ENGINE = "engine error"
    CAPPED = "cap reached"  # what may be asked of it is asked


def http_cause(status: int) -> str:
    """The cause where a server answered with an error: such as `HTTP 500`."""
    return f"HTTP {status}"


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message; `role` is `system`, `user` or `assistant`."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Request:
    """Everything that determines an answer, apart from the model.

    `choices` restricts the answer to one of the given strings; `json_schema` to a JSON document. At most one of the
    two is set. `seed` makes sampling repeatable where the back end allows it; `temperature` 0 is greedy.
    """

    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float = 0.0
    seed: int = 0
    choices: tuple[str, ...] | None = None
    json_schema: Mapping[str, object] | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer and what it cost; `choice_log_probabilities` is there when the back end has them.

    Where REFUSED or FAILED, `detail` says why to a person and `cause` in words to count (see `Cause`); answers that were
    recorded before causes were have none.
    """

    text: str
    finish_reason: FinishReason
    prompt_tokens: int
    completion_tokens: int
    detail: str = ""
    choice_log_probabilities: Mapping[str, float] | None = field(default=None)
    cause: str = ""


@dataclass(frozen=True, slots=True)
class TeacherIdentity:
    """What made the answers: enters every sample's provenance and every store key."""

    backend: str  # `transformers`, `openai`, `vllm`
    model: str  # name as a person would say it
    revision: str  # digest of local weights, or the revision the server reports, or "unknown"

    def __str__(self) -> str:
        return f"{self.model}@{self.revision[:12]} ({self.backend})"


class Teacher(Protocol):
    """A back end. It may run many `complete` calls at a time and batches them itself."""

    @property
    def identity(self) -> TeacherIdentity: ...

    @property
    def concurrency(self) -> int:
        """How many requests in flight keep this back end busy."""
        ...

    async def complete(self, request: Request) -> Completion:
        """Answer one request. A request that cannot be answered gives REFUSED or FAILED, never an exception;
        `TeacherError` is raised only when no further request could be answered either."""
        ...

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """The words of `text` that the model has no way to read or write; empty for any open-vocabulary model."""
        ...

    async def close(self) -> None:
        """Give back what the back end holds: connections, threads, memory."""
        ...
