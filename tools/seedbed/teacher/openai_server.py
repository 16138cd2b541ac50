"""A teacher behind HTTP: any server that speaks OpenAI's chat protocol (vLLM, llama.cpp, Ollama, hosted ones)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from seedbed.errors import ConfigurationError, MissingExtraError, TeacherError
from seedbed.teacher.chat_protocol import completion_of, request_body, shortened
from seedbed.teacher.model_list import ServedModel, served_model
from seedbed.teacher.retrying import ATTEMPTS, Reaction, delay, reaction
from seedbed.teacher.teacher import Completion, FinishReason, Request, TeacherIdentity

if TYPE_CHECKING:
    import aiohttp

DEFAULT_CONCURRENCY = 64
DEADLINE = 600.0  # seconds for one request, with every retry and wait
CONNECT_TIMEOUT = 15.0  # seconds
ANSWER_BYTES = 16 << 20


def open_openai_teacher(
    url: str,
    model: str,
    *,
    environment: Mapping[str, str],
    key_variable: str | None = None,
    concurrency: int | None = None,
    deadline: float = DEADLINE,
) -> OpenAITeacher:
    """Ask the server at `url` (`http://host:port/v1`) for its models and return a teacher for `model`.

    The key is what the environment holds under `key_variable`. Raises ConfigurationError when that is unset or the
    address is none, TeacherError when the server does not answer, does not take the key, or has no such model.
    """
    address = base_address(url)
    key = None
    if key_variable:
        key = environment.get(key_variable, "").strip()
        if not key:
            raise ConfigurationError(
                f"the teacher's key was expected in the environment variable {key_variable}, which is not set",
                hint=f"export {key_variable}=…, or remove `api_key_variable` if the server needs no key",
            )
    return OpenAITeacher(
        address, served_model(address, model, key), key=key, concurrency=concurrency, deadline=deadline
    )


def base_address(url: str) -> str:
    """`url` without a trailing slash and with `/v1` where it names no path; credentials in it are refused."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(
            "the teacher's url must begin with http:// or https:// and name a host",
            hint='url = "http://127.0.0.1:8000/v1"',
        )
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ConfigurationError(
            "the teacher's url must hold neither credentials nor a query",
            hint="name the environment variable that holds the key as `api_key_variable`",
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/') or '/v1'}"


class OpenAITeacher:
    """Sends requests within a concurrency bound and retries what may still be answered."""

    def __init__(
        self,
        address: str,
        model: ServedModel,
        *,
        key: str | None = None,
        concurrency: int | None = None,
        deadline: float = DEADLINE,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`sleep` is what waits between attempts; only tests give another."""
        self._address = address
        self._model = model
        self._key = key
        self._concurrency = concurrency or DEFAULT_CONCURRENCY
        self._deadline = deadline
        self._sleep = sleep
        self._jitter = random.Random(0)
        self._connection: tuple[asyncio.AbstractEventLoop, aiohttp.ClientSession] | None = None
        self._answers = 0  # of the server, whatever they were

    @property
    def identity(self) -> TeacherIdentity:
        """See `Teacher.identity`; the revision is what the server's list of models says, or "unknown"."""
        return TeacherIdentity("openai", self._model.name, self._model.revision)

    @property
    def concurrency(self) -> int:
        """See `Teacher.concurrency`."""
        return self._concurrency

    async def complete(self, request: Request) -> Completion:
        """See `Teacher.complete`."""
        try:
            async with asyncio.timeout(self._deadline):
                return await self._ask_until_answered(request)
        except TimeoutError:
            return _failed(f"no answer within {self._deadline:g} s")

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """None: what a server serves has an open vocabulary."""
        return ()

    async def close(self) -> None:
        """Close every connection."""
        if self._connection is not None:
            await self._connection[1].close()
            self._connection = None

    async def _ask_until_answered(self, request: Request) -> Completion:
        answers_before, trouble, connected = self._answers, "", False
        for attempt in range(ATTEMPTS):
            status, retry_after, answer = await self._ask(request)
            if status is None:
                trouble = str(answer)
            else:
                connected = True
                self._answers += 1
                match reaction(status):
                    case Reaction.READ:
                        return completion_of(answer, request)
                    case Reaction.REFUSE:
                        detail = self._scrubbed(f"HTTP {status}: {_server_message(answer)}")
                        return Completion("", FinishReason.REFUSED, 0, 0, detail)
                    case Reaction.STOP:
                        raise self._unusable(status, answer)
                    case Reaction.RETRY:
                        trouble = f"HTTP {status}: {_server_message(answer)}"
            if attempt + 1 < ATTEMPTS:
                await self._sleep(delay(attempt, jitter=self._jitter.random(), retry_after=retry_after))
        if not connected and self._answers == answers_before:
            raise TeacherError(
                self._scrubbed(f"the server at {self._address} does not answer: {trouble}"),
                hint="start it, then give the same command again; answers received so far are kept",
            )
        return _failed(self._scrubbed(f"{ATTEMPTS} attempts: {trouble}"))

    async def _ask(self, request: Request) -> tuple[int | None, str | None, object]:
        """One attempt: status, `Retry-After` and the JSON (or text) answered; without a status, what went wrong."""
        import aiohttp
        import orjson

        body = orjson.dumps(request_body(request, model=self._model.name, vllm=self._model.vllm))
        try:
            async with self._session().post(
                f"{self._address}/chat/completions", data=body, allow_redirects=False
            ) as response:
                raw = bytearray()
                async for chunk in response.content.iter_any():
                    raw += chunk
                    if len(raw) > ANSWER_BYTES:
                        return None, None, f"the answer is longer than {ANSWER_BYTES >> 20} MiB"
                return response.status, response.headers.get("Retry-After"), _decoded(bytes(raw))
        except (aiohttp.ClientError, OSError) as error:
            return None, None, f"{type(error).__name__}: {error}"

    def _session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._connection is None or self._connection[0] is not loop:
            self._connection = (loop, self._new_session())
        return self._connection[1]

    def _new_session(self) -> aiohttp.ClientSession:
        try:
            import aiohttp
        except ImportError as error:
            raise MissingExtraError("an OpenAI-compatible teacher", "generate", "aiohttp") from error
        headers = {"Content-Type": "application/json"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        return aiohttp.ClientSession(
            headers=headers,
            connector=aiohttp.TCPConnector(
                limit=self._concurrency
            ),  # the concurrency bound: one request each
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT),
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    def _unusable(self, status: int, answer: object) -> TeacherError:
        hints = {
            401: "check the key in the environment variable that `api_key_variable` names",
            403: "check that the key may use this model",
            404: "check `url` (up to and with /v1) and `model`",
        }
        hint = hints.get(
            status, "redirects are not followed: name the final address" if status < 400 else None
        )
        message = self._scrubbed(
            f"the server at {self._address} answers HTTP {status}: {_server_message(answer)}"
        )
        return TeacherError(message, hint=hint)

    def _scrubbed(self, text: str) -> str:
        return shortened(text.replace(self._key, "***") if self._key else text)


def _failed(detail: str) -> Completion:
    return Completion("", FinishReason.FAILED, 0, 0, detail)


def _decoded(raw: bytes) -> object:
    import orjson

    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return raw.decode("utf-8", "replace")


def _server_message(answer: object) -> str:
    """The message of an error body: `{"error": {"message": …}}`, `{"message": …}` or whatever text there is."""
    if isinstance(answer, Mapping):
        error = answer.get("error", answer)
        if isinstance(error, Mapping):
            return str(error.get("message", error))
        return str(error)
    return str(answer)
