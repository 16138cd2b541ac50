"""A served engine of fixed rate: OpenAI's chat protocol, so many slots, so much time for each token of an answer.

    python benchmarks/fixed_rate_engine.py --slots N --token-ms T     (prints its port; ends with its standard input)

What it answers and how long that is follow from the prompt alone, so that two runs cost it the same. It understands the
prompts of `generate.py` beside it and those of sdg-hub's flow `doc_direct_qa`. `GET /trace` gives, as JSON, the bodies
it was asked in their order, its busy slot-seconds, and how many requests it held at most; asking resets them.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import sys
from collections import deque
from random import Random
from typing import Any

WORDS = [
    f"{a}{b}"
    for a in "ba ke li mo nu ra se ti vo za".split()
    for b in "dan fel gor hin jul kom lar min".split()
]
QUESTION, ANSWER, VERDICT = (16, 24), (40, 120), (20, 40)  # tokens, from … to
QUESTIONS_A_LIST = 5


def answer_of(body: dict[str, Any]) -> tuple[str, int]:
    """Text and length in tokens; the verdict of a closed list costs as many tokens as one that explains itself."""
    prompt = "\n".join(message["content"] for message in body["messages"])
    digest = hashlib.sha256(f"{prompt}\0{body.get('seed')}".encode()).digest()
    random = Random(digest)
    if "[Start of Context]" in prompt:
        tokens = random.randint(*VERDICT)
        explanation = " ".join(random.choices(WORDS, k=tokens - 10))
        return (
            f"[Start of Explanation]\n{explanation}\n[End of Explanation]\n[Start of Answer]\nYES\n[End of Answer]",
            tokens,
        )
    if "Strictly follow this format for each question" in prompt:
        lengths = [random.randint(*QUESTION) for _ in range(QUESTIONS_A_LIST)]
        asked = [" ".join(random.choices(WORDS, k=length)) for length in lengths]
        return "\n\n".join(f"[QUESTION]\nWhat is {text}?\n[END]" for text in asked), sum(lengths)
    if prompt.endswith("Answer YES or NO."):
        return "YES", random.randint(*VERDICT)
    if prompt.endswith("Write one question."):
        tokens = random.randint(*QUESTION)
        return f"What is {' '.join(random.choices(WORDS, k=tokens - 2))}?", tokens
    tokens = random.randint(*ANSWER)
    return " ".join(random.choices(WORDS, k=tokens)), tokens


class Engine:
    """The slots, and who waits for one."""

    def __init__(self, slots: int, token_seconds: float) -> None:
        self._free = slots
        self._token_seconds = token_seconds
        self._line: deque[tuple[float, Any]] = deque()
        self.bodies: list[str] = []
        self.busy = 0.0
        self.held = self.most_held = 0

    def ask(self, raw: bytes, done: Any) -> None:
        """Call `done(answer body)` when a slot has been busy with it for long enough."""
        body = json.loads(raw)
        self.bodies.append(raw.decode())
        text, tokens = answer_of(body)
        usage = {"prompt_tokens": len(raw) // 5, "completion_tokens": tokens}
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        usage["total_tokens"] = usage["prompt_tokens"] + tokens
        answer = {"id": "x", "object": "chat.completion", "created": 0, "model": body["model"]}
        content = json.dumps({**answer, "choices": [choice], "usage": usage}).encode()
        self.held += 1
        self.most_held = max(self.most_held, self.held)
        self._line.append((tokens * self._token_seconds, lambda: done(content)))
        self._start()

    def _start(self) -> None:
        while self._free and self._line:
            seconds, done = self._line.popleft()
            self._free -= 1
            self.busy += seconds
            asyncio.get_running_loop().call_later(seconds, self._end, done)

    def _end(self, done: Any) -> None:
        self._free += 1
        self.held -= 1
        self._start()
        done()

    def trace(self) -> bytes:
        """What was asked since the last time."""
        found = {"bodies": self.bodies, "busy": self.busy, "most_held": self.most_held}
        self.bodies, self.busy, self.most_held = [], 0.0, 0
        return json.dumps(found).encode()


class Connection(asyncio.Protocol):
    """HTTP/1.1 with a length, kept alive; one request at a time, as clients do."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._held = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            head = self._held[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._held) < end + 4 + length:
                return
            body, self._held = self._held[end + 4 : end + 4 + length], self._held[end + 4 + length :]
            if head.startswith(b"post"):
                self._engine.ask(body, self._send)
            elif b"/trace" in head.split(b"\r\n", 1)[0]:
                self._send(self._engine.trace())
            else:
                self._send(b'{"object": "list", "data": [{"id": "fixed", "object": "model"}]}')

    def _send(self, content: bytes) -> None:
        if not self._transport.is_closing():
            head = (
                f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
            )
            self._transport.write(head.encode() + content)


async def serve(slots: int, token_seconds: float) -> None:
    """Serve on a free port of the loopback interface until standard input ends."""
    loop = asyncio.get_running_loop()
    engine = Engine(slots, token_seconds)
    server = await loop.create_server(lambda: Connection(engine), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slots", type=int, required=True)
    parser.add_argument("--token-ms", type=float, required=True)
    options = parser.parse_args()
    asyncio.run(serve(options.slots, options.token_ms / 1000))
