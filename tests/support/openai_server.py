"""A real HTTP server that speaks OpenAI's chat protocol and fails on purpose, as a script says."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Reply = Callable[[dict[str, Any]], web.StreamResponse]


def answer(
    text: str | None, *, finish_reason: str | None = "stop", logprobs: Any = None, **message: Any
) -> Reply:
    """A well-formed completion with `text`."""

    def reply(body: dict[str, Any]) -> web.Response:
        return web.json_response(
            {
                "model": body["model"],
                "choices": [
                    {
                        "index": 0,
                        "finish_reason": finish_reason,
                        "logprobs": logprobs,
                        "message": {"role": "assistant", "content": text, **message},
                    }
                ],
                "usage": {"prompt_tokens": 7, "completion_tokens": 3},
            }
        )

    return reply


def status(code: int, message: str = "", **headers: str) -> Reply:
    """An error with `message`; `Retry_After` becomes the header `Retry-After`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda body: web.json_response({"error": {"message": message}}, status=code, headers=named)


def raw(text: str, content_type: str = "application/json") -> Reply:
    """HTTP 200 with any body."""
    return lambda body: web.Response(text=text, content_type=content_type)


def echo(body: dict[str, Any]) -> web.StreamResponse:
    """Answers the last message's own text."""
    return answer(body["messages"][-1]["content"])(body)


DROP: Reply = lambda body: web.Response()  # a mark, known by identity: the connection is broken
HANG: Reply = lambda body: web.Response()  # a mark: no byte is ever sent


@dataclass
class FaultyServer:
    """What the server was asked, and what it says next: `script` first, then `otherwise` for ever."""

    address: str = ""
    script: list[Reply] = field(default_factory=list)
    otherwise: Reply = echo
    models: Reply = field(default_factory=lambda: served("tiny"))
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    seconds: float = 0.0  # that every answer takes
    version: dict[str, str] | None = None  # what GET /version tells

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """POST /v1/chat/completions."""
        body = await request.json()
        self.bodies.append(body)
        self.headers.append(dict(request.headers))
        reply = self.script.pop(0) if self.script else self.otherwise
        self.in_flight += 1
        self.most_in_flight = max(self.in_flight, self.most_in_flight)
        try:
            await asyncio.sleep(3600 if reply is HANG else self.seconds)
        finally:
            self.in_flight -= 1
        if reply is DROP:
            assert request.transport is not None
            request.transport.abort()
        return reply(body)

    async def list_models(self, request: web.Request) -> web.StreamResponse:
        """GET /v1/models."""
        self.headers.append(dict(request.headers))
        return self.models({})

    async def tell_version(self, request: web.Request) -> web.StreamResponse:
        """GET /version, beside /v1, as vLLM has it."""
        return web.json_response(self.version, status=404 if self.version is None else 200)


def served(*names: str, **entry: Any) -> Reply:
    """The list of models, each with the fields of `entry`."""
    data = [{"id": name, "object": "model", **entry} for name in names]
    return lambda body: web.json_response({"object": "list", "data": data})


@contextmanager
def openai_server(script: Sequence[Reply] = (), **fields: Any) -> Iterator[FaultyServer]:
    """Run the server in a thread on a free port of the loopback interface."""
    server = FaultyServer(script=list(script), **fields)
    application = web.Application()
    application.router.add_post("/v1/chat/completions", server.chat)
    application.router.add_get("/v1/models", server.list_models)
    application.router.add_get("/version", server.tell_version)
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.05)

    async def start() -> None:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server.address = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"

    loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
