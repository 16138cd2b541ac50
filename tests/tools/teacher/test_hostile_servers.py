"""Servers that break every rule, behind the journal: no paid answer is lost, none is paid twice, the totals are right."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support.fake_time import FakeTime
from support.hostile_server import (
    HostileServer,
    Say,
    SendsTwice,
    body_with,
    completion,
    drips,
    error,
    gzip_bomb,
    hangs,
    hostile_server,
    http,
    message_with,
    resets,
    says,
)

from seedbed.errors import TeacherError
from seedbed.teacher.journal import Journal, JournaledTeacher
from seedbed.teacher.model_list import ServedModel
from seedbed.teacher.openai_server import OpenAITeacher
from seedbed.teacher.teacher import Completion, FinishReason, Message, Request

KEY = "sk-planted-0123456789abcdef"
REQUESTS = 16
AT_ONCE = 4


def whole(body: dict[str, Any]) -> bytes:
    return http(completion(body))


def chunked(raw: bytes, *, end: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"%x\r\n" % len(raw) + raw + b"\r\n" + end


PASSING: dict[str, Say] = {
    "too many requests": error(429),
    "too many requests, seconds to wait": error(429, Retry_After="7"),
    "too many requests, a date to wait for": error(429, Retry_After="Fri, 31 Dec 2100 23:59:59 GMT"),
    "too many requests, less than nothing to wait": error(429, Retry_After="-5"),
    "too many requests, absurdly long to wait": error(429, Retry_After="9" * 60),
    "overloaded": error(503, Retry_After="Mon, 05 Jan 2026 12:00:30 GMT"),
    "overloaded, in no known form": error(529, Retry_After="soon"),
    "internal error": error(500),
    "bad gateway, a page": says(lambda body: http(b"<html>502</html>", 502, Content_Type="text/html")),
    "gateway timeout": error(504),
    "request timeout": error(408),
    "a page with status 200": says(lambda body: http(b"<html>log in</html>", Content_Type="text/html")),
    "empty body": says(lambda body: http(b"")),
    "malformed JSON": says(lambda body: http(whole(body)[-40:-9])),
    "JSON that goes too deep": says(lambda body: http(b"[" * 100_000)),
    "bytes that are no text": says(lambda body: http(b"\xff\xfe\x00\xd8" * 9)),
    "an error with status 200": says(lambda body: http({"error": {"message": "upstream", "code": 502}})),
    "no choices": body_with(choices=[]),
    "choices of another type": body_with(choices={}),
    "connection reset": resets,
    "connection closed before an answer": says(lambda body: b"", keep=False),
    "cut off in its headers": says(lambda body: whole(body)[:30], keep=False),
    "cut off in its body": says(lambda body: whole(body)[:-9], keep=False),
    "cut off in a chunk": says(lambda body: chunked(b'{"choices": [', end=b""), keep=False),
    "a length that is a lie": says(lambda body: http(completion(body), length=10_000), keep=False),
    "no HTTP at all": says(lambda body: b"220 mail.example ESMTP\r\n\r\n", keep=False),
    "a header that never ends": says(lambda body: b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000, keep=False),
    "gzip bomb": says(gzip_bomb),
}
"""Faults after which the same request can still be answered: all answers come, as if nothing had happened."""

FAILING: dict[str, tuple[Say, FinishReason]] = {
    "bad request": (error(400), FinishReason.REFUSED),
    "prompt too long": (error(413), FinishReason.REFUSED),
    "unprocessable": (error(422), FinishReason.REFUSED),
    "content filter": (message_with("content_filter", content=""), FinishReason.REFUSED),
    "refusal": (message_with(content=None, refusal="no"), FinishReason.REFUSED),
    "null content": (message_with(content=None), FinishReason.FAILED),
    "content of another type": (message_with(content=[{"text": "x"}]), FinishReason.FAILED),
    "unknown finish reason": (message_with("eaten", content="x"), FinishReason.FAILED),
    "choices of strings": (body_with(choices=["x"]), FinishReason.FAILED),
    "no message": (body_with(choices=[{"index": 0}]), FinishReason.FAILED),
    "endless repetition": (message_with("length", content="again " * 12), FinishReason.LENGTH),
    "far too many characters": (message_with(content="x" * 50_000), FinishReason.FAILED),
    "huge answer": (says(lambda body: http(b" " * (17 << 20)), keep=False), FinishReason.FAILED),
    "usage of another type": (body_with(usage=["many"]), FinishReason.STOP),
    "usage below nothing": (
        body_with(usage={"prompt_tokens": -5, "completion_tokens": 1e300}),
        FinishReason.STOP,
    ),
    "no usage": (body_with(usage=None), FinishReason.STOP),
    "time-out": (hangs, FinishReason.FAILED),
    "headers in drops": (drips(whole, 5), FinishReason.FAILED),
    "a body in drops": (drips(whole, 120), FinishReason.FAILED),
}
"""Faults of one request alone: it has its outcome, the others have theirs."""

STOPPING: dict[str, tuple[Say, str]] = {
    "key no longer taken": (error(401, f"no such key: {KEY}"), "HTTP 401"),
    "forbidden": (error(403), "HTTP 403"),
    "model vanished": (error(404, "no model tiny"), "HTTP 404"),
    "redirect": (error(307, Location="http://127.0.0.1:9/"), "HTTP 307"),
    "quota spent": (
        says(lambda body: http({"error": {"message": "pay first", "code": "insufficient_quota"}}, 429)),
        "pay first",
    ),
    "another model answers": (body_with(model="huge"), "now answers as 'huge'"),
}
"""Faults that no request survives: the run ends with a readable error, and goes on where it was."""


def requests() -> list[Request]:
    return [Request((Message("user", f"question {number}"),), 16, seed=number) for number in range(REQUESTS)]


def run(server: HostileServer, path: Path, deadline: float) -> tuple[list[Completion], int]:
    """The completions in order, and how many were asked for."""
    time = FakeTime()

    async def all_of_it() -> tuple[list[Completion], int]:
        behind = OpenAITeacher(
            server.address,
            ServedModel("tiny"),
            key=KEY,
            concurrency=AT_ONCE,
            deadline=deadline,
            clock=time.now,
            sleep=time.sleep,
        )
        teacher = JournaledTeacher(behind, Journal.open(path))
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(teacher.complete(request)) for request in requests()]
            return [task.result() for task in tasks], teacher.asked
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            await teacher.close()

    return asyncio.run(all_of_it())


def assert_books_balance(server: HostileServer, path: Path, completions: list[Completion]) -> None:
    """Every answer that was paid is in the journal, once; asking all again asks for nothing that was answered."""
    assert [count for count in server.paid.values() if count != 1] == []
    good = [one.text for one in completions if one.finish_reason is FinishReason.STOP and one.text]
    assert {f"answer to {prompt}" for prompt in server.paid} <= set(good)
    assert len(good) == len(set(good))
    before = server.requests
    server.faults.clear()
    again, asked = run(server, path, 600.0)
    unanswered = [
        one for one in completions if one.finish_reason is FinishReason.FAILED and not one.prompt_tokens
    ]
    assert asked == len(unanswered) == server.requests - before
    assert [count for count in server.paid.values() if count != 1] == []
    for one, other in zip(completions, again, strict=True):
        assert one == other or one in unanswered


@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_is_waited_out(fault: str, tmp_path: Path) -> None:
    faults = dict.fromkeys((0, 3, 4, 9), PASSING[fault])
    with hostile_server(faults, shuffle=True) as server:
        completions, asked = run(server, tmp_path / "journal.sqlite", 600.0)
        assert [one.text for one in completions] == [f"answer to question {n}" for n in range(REQUESTS)]
        assert asked == REQUESTS and server.requests == REQUESTS + len(faults)
        assert_books_balance(server, tmp_path / "journal.sqlite", completions)


@pytest.mark.parametrize("fault", FAILING)
def test_what_fails_fails_alone(fault: str, tmp_path: Path) -> None:
    say, outcome = FAILING[fault]
    slow = fault in ("time-out", "headers in drops", "a body in drops")
    with hostile_server({1: say, 6: say}) as server:
        completions, asked = run(server, tmp_path / "journal.sqlite", 1.5 if slow else 600.0)
        reasons = [one.finish_reason for one in completions]
        expected = 2 if outcome is not FinishReason.STOP else REQUESTS
        assert reasons.count(outcome) == expected
        assert reasons.count(FinishReason.STOP) >= REQUESTS - 2
        assert asked == REQUESTS == server.requests
        assert_books_balance(server, tmp_path / "journal.sqlite", completions)


@pytest.mark.parametrize("fault", STOPPING)
def test_what_stops_the_run_loses_nothing_that_was_answered(fault: str, tmp_path: Path) -> None:
    say, message = STOPPING[fault]
    path = tmp_path / "journal.sqlite"
    with hostile_server(dict.fromkeys(range(9, 40), say)) as server:
        with pytest.raises(TeacherError, match=message) as raised:
            run(server, path, 600.0)
        assert raised.value.hint and KEY not in f"{raised.value.message}{raised.value.hint}"
        paid = len(server.paid)
        assert paid == 9
        server.faults.clear()
        completions, asked = run(server, path, 600.0)
        assert asked <= REQUESTS - paid + AT_ONCE  # what was on its way may be asked for again, nothing else
        assert [one.text for one in completions] == [f"answer to question {n}" for n in range(REQUESTS)]
        assert sum(server.paid.values()) <= REQUESTS + AT_ONCE


@pytest.mark.parametrize("code", [401, 403])
@pytest.mark.parametrize("message", ["no such key", "Your account was flagged: see our content policy"])
def test_a_key_that_is_lost_leaves_no_refusal_in_the_journal(code: int, message: str, tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with (
        hostile_server(dict.fromkeys(range(6, 60), error(code, message))) as server,
        pytest.raises(TeacherError, match=f"HTTP {code}"),
    ):
        run(server, path, 600.0)
    with closing(sqlite3.connect(path)) as journal:
        kept = " ".join(map(str, journal.execute("SELECT * FROM answers").fetchall()))
    assert len(server.paid) == 6 and kept.count("answer to question") == 6
    assert "refused" not in kept and "flagged" not in kept


def test_a_storm_of_everything_changes_no_answer(tmp_path: Path) -> None:
    """All passing faults one after the other, half of all requests, answers out of order."""
    faults = {2 * number: say for number, say in enumerate(PASSING.values())}
    with hostile_server(faults, shuffle=True) as server:
        completions, _ = run(server, tmp_path / "journal.sqlite", 6000.0)
        assert [one.text for one in completions] == [f"answer to question {n}" for n in range(REQUESTS)]
        assert_books_balance(server, tmp_path / "journal.sqlite", completions)


def test_a_server_that_is_started_anew_meets_the_same_run(tmp_path: Path) -> None:
    with hostile_server() as server:

        async def restarts(writer: asyncio.StreamWriter, body: dict[str, Any]) -> bool:
            await server.restart()
            return False

        server.faults[5] = restarts
        completions, _ = run(server, tmp_path / "journal.sqlite", 600.0)
        assert [one.text for one in completions] == [f"answer to question {n}" for n in range(REQUESTS)]


def test_an_answer_that_nobody_asked_for_is_nobodys() -> None:
    """The second of two answers to one request lies in the connection when the next request comes to it."""
    twice = SendsTwice()

    async def run() -> list[str]:
        teacher = OpenAITeacher(server.address, ServedModel("tiny"), sleep=FakeTime().sleep)
        one, two = requests()[:2]
        try:
            first = await teacher.complete(one)
            twice.first_read.set()
            await asyncio.to_thread(twice.second_sent.wait, 5)
            await asyncio.sleep(0.01)  # the kernel has it; the event loop reads it
            return [first.text, (await teacher.complete(two)).text]
        finally:
            await teacher.close()

    with hostile_server({0: twice}) as server:
        assert asyncio.run(run()) == ["answer to question 0", "answer to question 1"]


def test_there_are_faults_enough() -> None:
    assert len(PASSING) + len(FAILING) + len(STOPPING) >= 50
