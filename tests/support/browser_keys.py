"""A real browser that is driven by keys alone, over its debugging protocol (chromedevtools.github.io/devtools-protocol)."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from support.browser import BROWSER

PATIENCE = 60.0  # seconds, for a busy machine
_KEYS = {"Tab": 9, "Enter": 13}


class Keyboard:
    """One page, and somebody who has no mouse."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self.complaints: list[str] = []  # what the browser wrote into its console

    async def open(self, page: Path, *, width: int = 1_200) -> None:
        """Load a page in a window of this width."""
        await self._call(
            "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False
        )
        await self._call("Page.navigate", url=page.as_uri())
        await self.until(
            f"location.href === {json.dumps(page.as_uri())} && document.readyState === 'complete'"
        )

    async def press(self, key: str) -> None:
        text = {"text": "\r"} if key == "Enter" else {}
        code = _KEYS[key]
        await self._call(
            "Input.dispatchKeyEvent", type="keyDown", key=key, code=key, windowsVirtualKeyCode=code, **text
        )
        await self._call(
            "Input.dispatchKeyEvent", type="keyUp", key=key, code=key, windowsVirtualKeyCode=code
        )

    async def type(self, text: str) -> None:
        await self._call("Input.insertText", text=text)

    async def see(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        found = await self._call("Runtime.evaluate", expression=expression, returnByValue=True)
        return found["result"].get("value")

    async def until(self, expression: str) -> None:
        """Wait for an expression to be true."""
        async with asyncio.timeout(PATIENCE):
            while not await self.see(expression):
                await asyncio.sleep(0.02)

    async def _call(self, method: str, **parameters: object) -> dict[str, Any]:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        async with asyncio.timeout(PATIENCE):
            while True:
                answer = await self._socket.receive_json()
                if answer.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown"):
                    self.complaints.append(json.dumps(answer["params"]))
                if answer.get("id") == self._number:
                    return dict(answer.get("result", {}))


@asynccontextmanager
async def keyboard(profile: Path) -> AsyncIterator[Keyboard]:
    """A browser with a fresh profile, ended with the block."""
    assert BROWSER is not None
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")
    command = [BROWSER, *options, f"--user-data-dir={profile}", "--remote-debugging-port=0", "about:blank"]
    browser = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        told = profile / "DevToolsActivePort"
        async with asyncio.timeout(PATIENCE):
            while not (told.exists() and told.read_text().count("\n")):
                await asyncio.sleep(0.02)
        port = told.read_text().splitlines()[0]
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json") as response:
                address = next(
                    one["webSocketDebuggerUrl"] for one in await response.json() if one["type"] == "page"
                )
            async with session.ws_connect(address) as socket:
                driven = Keyboard(socket)
                for domain in ("Page", "Log", "Runtime"):
                    await driven._call(f"{domain}.enable")
                yield driven
    finally:
        browser.terminate()
        await browser.wait()
