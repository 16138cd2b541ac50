"""One server of an OpenAI-compatible teacher: its connections, its gate, and one request put to it."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seedbed.errors import MissingExtraError
from seedbed.teacher.gate import Clock, Gate
from seedbed.teacher.overload_notice import OverloadNotices
from seedbed.teacher.retrying import delay, retry_after_seconds

if TYPE_CHECKING:
    import aiohttp

CONNECT_TIMEOUT = 15.0  # seconds
ANSWER_BYTES = 16 << 20
ERROR_BYTES = 64 << 10  # of an answer that is none: enough for its message
_PROBES = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}
"""A host that has lost its power says nothing: it is missed after two minutes of a quiet connection."""
_HEADERS = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: a status with the JSON (or else the text) of its body, or without a status what went wrong."""

    status: int | None
    content: object = None
    asked_pause: float = 0.0  # seconds that `Retry-After` asks for
    too_long: bool = False  # longer than any answer; it was not read

    @property
    def has_answer(self) -> bool:
        """Whether the body holds a list of choices; one without is a proxy's page or an error in disguise."""
        return isinstance(self.content, dict) and bool(self.content.get("choices"))

    @property
    def message(self) -> str:
        """The message of an error body: `{"error": {"message": …}}`, `{"message": …}` or whatever text there is."""
        if not isinstance(self.content, dict):
            return str(self.content)
        error = self.content.get("error", self.content)
        return str(error.get("message", error)) if isinstance(error, dict) else str(error)

    @property
    def code(self) -> str:
        """The `code` of an error body, such as `insufficient_quota`; empty when there is none."""
        error = self.content.get("error") if isinstance(self.content, dict) else None
        return str(error.get("code") or error.get("type") or "") if isinstance(error, dict) else ""


class Endpoint:
    """A server at one address. Redirects are not followed, proxies of the environment not used, no cookie is kept."""

    def __init__(self, address: str, gate: Gate, *, key: str | None, clock: Clock) -> None:
        self.address = address
        self.gate = gate
        self.notices = OverloadNotices(address)
        self.answers = 0  # HTTP answers of any status
        self._key = key
        self._clock = clock
        self._resting_until = float("-inf")
        self._breaks = 0  # in a row; those that come while it rests are the same one
        self._connection: tuple[asyncio.AbstractEventLoop, aiohttp.ClientSession, Any] | None = None

    @property
    def is_resting(self) -> bool:
        """Whether its last connection broke so short a time ago that another server should be asked."""
        return self._resting_until > self._clock()

    def broke(self, jitter: float) -> None:
        """Its connection broke: for a while, longer each time, another server is asked where there is one."""
        if not self.is_resting:
            self._resting_until = self._clock() + delay(self._breaks, jitter=jitter)
            self._breaks += 1

    async def post(self, body: bytes) -> Reply:
        """`POST /chat/completions`, once."""
        import aiohttp

        session, url = self._session()
        try:
            async with session.post(url, data=body, allow_redirects=False) as response:
                status = response.status
                if response.headers.get("Content-Encoding", "identity") != "identity":
                    response.close()  # it was told not to: what unpacks to a thousand times its size is not unpacked
                    return Reply(None, "the answer is compressed, which was not asked for")
                limit = ANSWER_BYTES if status == 200 else ERROR_BYTES
                raw = await _bounded(response, limit)
                self.answers += 1
                self._breaks = 0
                if raw is None:
                    response.close()
                    return Reply(status, f"an answer of more than {limit >> 10} KiB", too_long=True)
                asked = 0.0 if status == 200 else retry_after_seconds(response.headers.get("Retry-After"))
                return Reply(status, _decoded(raw), asked)
        except (aiohttp.ClientError, OSError) as error:
            return Reply(None, f"{type(error).__name__}: {error}")

    async def close(self) -> None:
        """Close every connection."""
        if self._connection is not None:
            await self._connection[1].close()
            self._connection = None

    def _session(self) -> tuple[aiohttp.ClientSession, Any]:
        loop = asyncio.get_running_loop()
        if self._connection is None or self._connection[0] is not loop:
            self._connection = (loop, *self._new_session())
        return self._connection[1], self._connection[2]

    def _new_session(self) -> tuple[aiohttp.ClientSession, Any]:
        try:
            import aiohttp
            import yarl
        except ImportError as error:
            raise MissingExtraError("an OpenAI-compatible teacher", "generate", "aiohttp") from error
        headers = dict(_HEADERS)
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        session = aiohttp.ClientSession(
            headers=headers,
            skip_auto_headers=("User-Agent",),
            connector=aiohttp.TCPConnector(limit=0, socket_factory=_probed_socket),  # the gate is the limit
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT),
            trust_env=False,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            request_class=_request_class(),
        )
        return session, yarl.URL(f"{self.address}/chat/completions")


def _probed_socket(address: tuple[Any, ...]) -> socket.socket:
    """A socket whose connection is probed while it is quiet; `address` is what `getaddrinfo` gives."""
    family, kind, protocol, *_ = address
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _PROBES.items():
        if hasattr(socket, name):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return made


async def _bounded(response: aiohttp.ClientResponse, limit: int) -> bytes | None:
    """The body of a response; None when it is longer than `limit` bytes."""
    length = response.content_length
    if length is not None:
        return None if length > limit else await response.read()
    raw = bytearray()
    async for chunk in response.content.iter_any():
        raw += chunk
        if len(raw) > limit:
            return None
    return bytes(raw)


def _request_class() -> Any:
    """Requests that are not sent on a connection where something lies already: it would be read as their answer."""
    import aiohttp

    class CleanRequest(aiohttp.ClientRequest):
        async def send(self, conn: Any) -> Any:
            if conn.protocol is None or conn.protocol.should_close:
                raise aiohttp.ClientConnectionError("the server sent an answer that nobody had asked for")
            return await super().send(conn)

    return CleanRequest


def _decoded(raw: bytes) -> object:
    import orjson

    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return raw.decode("utf-8", "replace")
