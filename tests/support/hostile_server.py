"""A server of bare sockets that breaks HTTP and OpenAI's protocol in every way that a script says.

It keeps the books: `paid` holds every prompt whose answer went out whole, as often as it did.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

Say = Callable[[asyncio.StreamWriter, dict[str, Any]], Awaitable[bool]]
"""Answers one request; true when the connection may be used again."""


def echo_of(body: Mapping[str, Any]) -> str:
    """What a good answer says: something that only this prompt gets."""
    return f"answer to {body['messages'][-1]['content']}"


def completion(body: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
    """A sound answer, with parts replaced."""
    choice = {
        "index": 0,
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": echo_of(body)},
    }
    sound = {
        "model": "tiny",
        "choices": [choice],
        "usage": {"prompt_tokens": 5, "completion_tokens": 4},
    }
    return sound | changed


def http(
    content: bytes | Mapping[str, Any], status: int = 200, *, length: int | None = None, **headers: str
) -> bytes:
    """A whole HTTP answer; `length` lies about its size, `Retry_After` becomes `Retry-After`."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    named = {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
    lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in named.items())]
    lines.append(f"Content-Length: {len(raw) if length is None else length}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + raw


def says(make: Callable[[dict[str, Any]], bytes], *, keep: bool = True) -> Say:
    """Sends the bytes; then keeps the connection, or closes it."""

    async def say(writer: asyncio.StreamWriter, body: dict[str, Any]) -> bool:
        writer.write(make(body))
        await writer.drain()
        return keep

    return say


def error(status: int, message: str = "trouble", **headers: str) -> Say:
    """An error in OpenAI's form."""
    return says(lambda body: http({"error": {"message": message}}, status, **headers))


def body_with(**changed: Any) -> Say:
    """HTTP 200 with a sound answer in which something is replaced."""
    return says(lambda body: http(completion(body, **changed)))


def message_with(finish_reason: str | None = "stop", **message: Any) -> Say:
    """HTTP 200 with another message or finish reason."""
    choice = {"index": 0, "finish_reason": finish_reason, "message": {"role": "assistant", **message}}
    return body_with(choices=[choice])


async def hangs(writer: asyncio.StreamWriter, body: dict[str, Any]) -> bool:
    """Never says anything."""
    await asyncio.sleep(3600)
    return False


async def resets(writer: asyncio.StreamWriter, body: dict[str, Any]) -> bool:
    """The connection is reset, not closed."""
    writer.transport.abort()
    return False


def drips(raw: Callable[[dict[str, Any]], bytes], start: int) -> Say:
    """Sends the first `start` bytes, then one at a time, slower than anyone has time for."""

    async def say(writer: asyncio.StreamWriter, body: dict[str, Any]) -> bool:
        whole = raw(body)
        writer.write(whole[:start])
        for at in range(start, len(whole)):
            await asyncio.sleep(0.05)
            writer.write(whole[at : at + 1])
        return False

    return say


class SendsTwice:
    """A sound answer, and when the client has read it another one that nobody asked for."""

    def __init__(self) -> None:
        self.first_read = threading.Event()
        self.second_sent = threading.Event()

    async def __call__(self, writer: asyncio.StreamWriter, body: dict[str, Any]) -> bool:
        writer.write(http(completion(body)))
        await writer.drain()
        await asyncio.to_thread(self.first_read.wait, 5)
        forged = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "forged"}}
        writer.write(http(completion(body, choices=[forged])))
        await writer.drain()
        self.second_sent.set()
        return True


@cache
def _bomb() -> bytes:
    return gzip.compress(b" " * (64 << 20), compresslevel=1)


def gzip_bomb(body: dict[str, Any]) -> bytes:
    """64 MiB of blanks in a few hundred KiB."""
    return http(_bomb(), Content_Encoding="gzip")


@dataclass
class HostileServer:
    """What it says to the n-th request: `faults[n]`, else a sound answer, in a time that depends on the prompt."""

    faults: dict[int, Say] = field(default_factory=dict)
    address: str = ""
    paid: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    shuffle: bool = False
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self._writers.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
                raw = await reader.readexactly(int(fields.get("content-length", "0")))
                if head.startswith("GET"):
                    writer.write(http({"data": [{"id": "tiny"}]}))
                elif not await self._answer(writer, json.loads(raw)):
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, body: dict[str, Any]) -> bool:
        number, self.requests = self.requests, self.requests + 1
        fault = self.faults.get(number)
        if self.shuffle:
            await asyncio.sleep(0.001 * (hash(echo_of(body)) % 20))
        if fault is not None:
            return await fault(writer, body)
        self.paid[body["messages"][-1]["content"]] += 1
        writer.write(http(completion(body)))
        await writer.drain()
        return True

    async def restart(self) -> None:
        """Drop every connection, as a server does that is started anew."""
        for writer in list(self._writers):
            writer.transport.abort()


@contextmanager
def hostile_server(faults: Mapping[int, Say] | None = None, **settings: Any) -> Iterator[HostileServer]:
    """Run the server in a thread on a free port of the loopback interface."""
    hostile = HostileServer(dict(faults or {}), **settings)
    loop = asyncio.new_event_loop()

    async def start() -> asyncio.Server:
        server = await asyncio.start_server(hostile.serve, "127.0.0.1", 0, limit=1 << 22)
        hostile.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        return server

    async def stop() -> None:
        server.close()
        await hostile.restart()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    server = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield hostile
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
