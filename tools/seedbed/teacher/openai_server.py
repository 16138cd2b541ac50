"""A teacher behind HTTP: servers that speak OpenAI's chat protocol (vLLM, llama.cpp, Ollama, hosted ones)."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from seedbed.errors import TeacherError
from seedbed.teacher.chat_protocol import Dialect, completion_of, shortened
from seedbed.teacher.endpoint import Endpoint, Reply
from seedbed.teacher.gate import Clock, Gate, Sleep
from seedbed.teacher.limiter import own_pause
from seedbed.teacher.model_list import ServedModel, served_model, server_version
from seedbed.teacher.moderation import HARMLESS, is_moderated
from seedbed.teacher.retrying import ATTEMPTS, Reaction, delay, reaction
from seedbed.teacher.routing import beginning, ranked
from seedbed.teacher.server_address import base_address, server_key
from seedbed.teacher.server_kind import ServerKind
from seedbed.teacher.teacher import Cause, Completion, FinishReason, Request, TeacherIdentity, http_cause
from seedbed.teacher.unusable_server import gone, overloaded, renamed, unusable

_log = logging.getLogger(__name__)

DEFAULT_CONCURRENCY = 64
OWN_CONCURRENCY = (
    256  # of a server that is not shared by strangers: as many as vLLM computes at a time by default
)
DEADLINE = 600.0  # seconds for one request, with every retry
LONGER_QUEUE = 1.25  # how much longer than the shortest a queue may be before a request leaves its own server
_OWN = (ServerKind.VLLM, ServerKind.SGLANG)
_QUOTA = ("insufficient_quota", "billing_hard_limit_reached")  # HTTP 429 that no waiting mends
_FOREIGN_FIELD = (400, 403, 422)  # how servers refuse a field that they do not know


def open_openai_teacher(
    url: str | Sequence[str],
    model: str,
    *,
    environment: Mapping[str, str],
    key_variable: str | None = None,
    concurrency: int | None = None,
    deadline: float = DEADLINE,
) -> OpenAITeacher:
    """Ask each server (`http://host:port/v1`) for its models and return a teacher for `model`.

    `concurrency` is the most that one server holds at a time. The key is what the environment holds under
    `key_variable`. Raises ConfigurationError when that is unset or an address is none, TeacherError when a server does
    not answer, does not take the key, has no such model, or has another one of that name than the server before.
    """
    key = server_key(environment, key_variable)
    addresses = list(dict.fromkeys(map(base_address, [url] if isinstance(url, str) else url)))
    served = [served_model(address, model, key) for address in addresses]
    for address, other in zip(addresses, served, strict=True):
        if other.revision != served[0].revision:
            raise TeacherError(
                f"the servers do not serve the same model: {model!r} is {served[0].revision} at {addresses[0]} "
                f"and {other.revision} at {address}",
                hint="start all of them with the same model, or name one of them",
            )
    return OpenAITeacher(addresses, served[0], key=key, concurrency=concurrency, deadline=deadline)


class OpenAITeacher:
    """Keeps each server as busy as it can bear, and asks again for what may still be answered.

    A request goes to the server that has read its beginning before, and to another when that one is lost or full.
    Who answered is no part of the answer: the identity is the model's.
    """

    def __init__(
        self,
        addresses: str | Sequence[str],
        model: ServedModel,
        *,
        key: str | None = None,
        concurrency: int | None = None,
        deadline: float = DEADLINE,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """`clock` and `sleep` are what pauses and delays are measured with; only tests give others."""
        self._addresses = [addresses] if isinstance(addresses, str) else list(addresses)
        self._ceiling = concurrency or (OWN_CONCURRENCY if model.kind in _OWN else DEFAULT_CONCURRENCY)
        self._model = model
        self._dialect = Dialect(model.name, model.kind)
        self._key = key
        self._deadline = deadline
        self._clock = clock
        self._sleep = sleep
        self._jitter = random.Random()  # not seeded: it keeps clients from knocking at the same time
        self._answering_as: object = None  # the model's name as the answers give it
        self.endpoints = [
            Endpoint(
                address,
                Gate(self._ceiling, clock=clock, sleep=sleep, jitter=self._jitter),
                key=key,
                clock=clock,
            )
            for address in self._addresses
        ]

    @property
    def identity(self) -> TeacherIdentity:
        """See `Teacher.identity`; the revision is what the server's list of models says, or "unknown"."""
        return TeacherIdentity("openai", self._model.name, self._model.revision)

    @property
    def concurrency(self) -> int:
        """See `Teacher.concurrency`: what all servers hold together when none is overloaded."""
        return self._ceiling * len(self.endpoints)

    @property
    def served(self) -> ServedModel:
        """What the server says of the model."""
        return self._model

    def versions(self) -> Iterator[tuple[str, str]]:
        """Each server's address with what it is, and its version where it tells."""
        for address in self._addresses:
            yield address, server_version(address, self._model.kind, self._key)

    async def complete(self, request: Request) -> Completion:
        """See `Teacher.complete`. Waiting for a server that is overloaded counts for no deadline and no attempt."""
        order = self._preferred(request)
        answers_before, connected = self._answers, False
        left, attempt, refusals = self._deadline, 0, 0
        cause, trouble = (
            str(Cause.TIMED_OUT),
            "the server was still at it",
        )  # until an attempt has failed otherwise
        while True:
            endpoint = self._chosen(order)
            reply, dialect, took, alone = await self._attempt(endpoint, request, left)
            left -= took
            connected = connected or reply.status is not None
            if left <= 0:
                return _failed(cause, self._scrubbed(f"no answer within {self._deadline:g} s: {trouble}"))
            if reply.status in _FOREIGN_FIELD and self._learnt(request, dialect, reply):
                continue
            match _reaction(reply):
                case Reaction.READ:
                    return self._read(reply, request, endpoint)
                case Reaction.REFUSE:
                    return self._refused(reply)
                case Reaction.STOP:
                    let_in = reply.status == 403 and await self._is_let_in(endpoint, left)
                    if let_in is False:
                        raise self._error(unusable(endpoint.address, reply, key_sent=self._key is not None))
                    if let_in:
                        return self._refused(reply)
                    attempt += 1
                    cause, trouble = _trouble(reply)
                case Reaction.SLOW_DOWN:
                    cause, trouble = _trouble(reply)
                    self._check_overload(endpoint, reply)
                    refusals += 1
                    if alone:
                        jitter = self._jitter.random()
                        await self._sleep(own_pause(refusals, jitter=jitter, asked=reply.asked_pause))
                    continue
                case Reaction.RETRY:
                    attempt += 1
                    cause, trouble = _trouble(reply)
            if attempt == ATTEMPTS:
                if not connected and self._answers == answers_before:
                    raise self._error(gone(endpoint.address, trouble))
                return _failed(cause, self._scrubbed(f"{ATTEMPTS} attempts: {trouble}"))
            if self._chosen(order) is endpoint:  # another server is asked at once
                pause = min(left, delay(attempt - 1, jitter=self._jitter.random(), asked=reply.asked_pause))
                left -= pause
                await self._sleep(pause)

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """None: what a server serves has an open vocabulary."""
        return ()

    async def close(self) -> None:
        """Close every connection."""
        for endpoint in self.endpoints:
            await endpoint.close()

    @property
    def _answers(self) -> int:
        return sum(endpoint.answers for endpoint in self.endpoints)

    def _preferred(self, request: Request) -> Sequence[Endpoint]:
        if len(self.endpoints) == 1:
            return self.endpoints
        order = ranked(beginning(request.messages), self._addresses)
        return [self.endpoints[place] for place in order]

    def _chosen(self, order: Sequence[Endpoint]) -> Endpoint:
        """The first that is there and has room; when none has, the first whose queue is hardly longer than any other's."""
        if len(order) == 1:
            return order[0]
        there = [endpoint for endpoint in order if not endpoint.is_resting] or order
        loads = [endpoint.gate.load for endpoint in there]
        bound = max(1.0, LONGER_QUEUE * min(loads))
        return next((one for one, load in zip(there, loads, strict=True) if load < bound), there[0])

    async def _attempt(
        self, endpoint: Endpoint, request: Request, left: float
    ) -> tuple[Reply, Dialect, float, bool]:
        """One attempt, within `left` seconds, how it was put, how long it took once it was let in, and whether it should
        wait by itself before the next."""
        gate, alone = endpoint.gate, False
        round = await gate.enter()
        began, dialect = time.monotonic(), self._dialect
        try:
            async with asyncio.timeout(left):
                reply = await endpoint.post(dialect.encoded(request))
        except TimeoutError:
            return Reply(None, "the server was still at it"), dialect, left, False
        finally:
            gate.leave()
        if reply.status is None:
            endpoint.broke(self._jitter.random())
        elif _reaction(reply) is Reaction.SLOW_DOWN:
            alone = not gate.refused(round, reply.asked_pause)
        elif _reaction(reply) is not Reaction.RETRY:
            gate.answered(round)
        return reply, dialect, time.monotonic() - began, alone

    def _read(self, reply: Reply, request: Request, endpoint: Endpoint) -> Completion:
        if reply.too_long:
            return _failed(Cause.ANSWER_TOO_LONG, str(reply.content))
        if isinstance(reply.content, Mapping):
            name = reply.content.get("model")
            if self._answering_as is None:
                self._answering_as = name
            elif isinstance(name, str) and name != self._answering_as:
                raise self._error(renamed(endpoint.address, name, self._answering_as))
        completion = completion_of(reply.content, request)
        if self._key and (self._key in completion.text or self._key in completion.detail):
            text, detail = (part.replace(self._key, "***") for part in (completion.text, completion.detail))
            return replace(completion, text=text, detail=detail)
        return completion

    def _learnt(self, request: Request, dialect: Dialect, reply: Reply) -> bool:
        """Whether the refusal was of a field that can be left out from now on, by this request or by one before."""
        if dialect != self._dialect:
            return True
        adapted = dialect.adapted(request, reply.message)
        self._dialect = adapted or dialect
        return adapted is not None

    def _check_overload(self, endpoint: Endpoint, reply: Reply) -> None:
        """Tell what is new of it; raise when waiting is of no use: the quota is spent, or no server has done anything
        else for too long."""
        if reply.code in _QUOTA:
            raise self._error(unusable(endpoint.address, reply, key_sent=self._key is not None))
        if notice := endpoint.notices.notice(endpoint.gate, reply.status or 0, self._deadline):
            _log.warning("%s", notice)
        if all(other.gate.overloaded_for > self._deadline for other in self.endpoints):
            raise self._error(overloaded(endpoint.address, reply, self._deadline))

    def _refused(self, reply: Reply) -> Completion:
        """This request alone is not taken."""
        cause = Cause.FILTERED if is_moderated(reply.content) else http_cause(reply.status or 0)
        detail = self._scrubbed(f"HTTP {reply.status}: {reply.message}")
        return Completion("", FinishReason.REFUSED, 0, 0, detail, cause=cause)

    async def _is_let_in(self, endpoint: Endpoint, left: float) -> bool | None:
        """Whether a prompt that nobody minds is taken, after one that was forbidden without a word of moderation: that
        one was then refused for what it says, and the key is good. None where the server does not tell."""
        reply, *_ = await self._attempt(endpoint, HARMLESS, left)
        match _reaction(reply):
            case Reaction.READ | Reaction.REFUSE:
                return True
            case Reaction.STOP:
                return False
            case _:
                return None

    def _error(self, error: TeacherError) -> TeacherError:
        return TeacherError(self._scrubbed(error.message), hint=error.hint)

    def _scrubbed(self, text: str) -> str:
        return shortened(text.replace(self._key, "***") if self._key else text)


def _reaction(reply: Reply) -> Reaction:
    """What to do about a reply: a broken one, and a 200 that holds no answer, are asked for again."""
    if reply.status is None or (reply.status == 200 and not (reply.has_answer or reply.too_long)):
        return Reaction.RETRY
    if reply.status in (400, 403) and is_moderated(reply.content):
        return Reaction.REFUSE
    return reaction(reply.status)


def _trouble(reply: Reply) -> tuple[str, str]:
    """The cause and the words for the last of several attempts that all failed."""
    if reply.status is None:
        return Cause.CONNECTION, reply.message
    if reply.status == 200:
        return Cause.MALFORMED, f"the server's answer holds no choices: {reply.message}"
    return http_cause(reply.status), f"HTTP {reply.status}: {reply.message}"


def _failed(cause: str, detail: str) -> Completion:
    return Completion("", FinishReason.FAILED, 0, 0, detail, cause=cause)
