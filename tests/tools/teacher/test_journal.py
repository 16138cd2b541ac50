from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.errors import StoreError, TeacherError
from seedbed.teacher.journal import Journal, JournaledTeacher, request_key
from seedbed.teacher.journal_file import JournalFile
from seedbed.teacher.teacher import Completion, FinishReason, Message, Request, TeacherIdentity

IDENTITY = TeacherIdentity("transformers", "tiny", "0" * 40)
REQUEST = Request((Message("user", "what is red ?"),), max_tokens=12, temperature=0.5, seed=3)


class CountingTeacher:
    """Answers with the request's own text and seed, and counts; `outcome` replaces the finish reason."""

    identity = IDENTITY
    concurrency = 8

    def __init__(self, outcome: FinishReason = FinishReason.STOP, tokens: int = 2) -> None:
        self.requests: list[Request] = []
        self.outcome = outcome
        self.tokens = tokens
        self.closed = False

    async def complete(self, request: Request) -> Completion:
        self.requests.append(request)
        await asyncio.sleep(0)
        text = f"{request.messages[-1].content} {request.seed}"
        return Completion(text, self.outcome, self.tokens, self.tokens, choice_log_probabilities={"a": -0.1})

    def unknown_words(self, text: str) -> tuple[str, ...]:
        return ()

    async def close(self) -> None:
        self.closed = True


def run(path: Path, teacher: CountingTeacher, *requests: Request) -> tuple[list[Completion], int, int]:
    async def ask() -> tuple[list[Completion], int, int]:
        journaled = JournaledTeacher(teacher, Journal.open(path))
        try:
            answers = await asyncio.gather(*(journaled.complete(request) for request in requests))
            return answers, journaled.asked, journaled.recalled
        finally:
            await journaled.close()

    return asyncio.run(ask())


def seeds(count: int) -> list[Request]:
    return [Request(REQUEST.messages, 12, 0.5, seed) for seed in range(count)]


def test_a_warm_run_asks_nothing_and_answers_the_same(tmp_path: Path) -> None:
    path = tmp_path / "store" / "journal.sqlite"
    cold, asked, recalled = run(path, CountingTeacher(), *seeds(50))
    assert (asked, recalled) == (50, 0)
    teacher = CountingTeacher()
    warm, asked, recalled = run(path, teacher, *seeds(50))
    assert (asked, recalled, teacher.requests) == (0, 50, [])
    assert warm == cold


def test_equal_requests_in_flight_are_put_once(tmp_path: Path) -> None:
    answers, asked, recalled = run(tmp_path / "journal.sqlite", CountingTeacher(), *[REQUEST] * 5)
    assert (asked, recalled) == (1, 4)
    assert len({answer.text for answer in answers}) == 1


@pytest.mark.parametrize(
    ("outcome", "tokens", "asked_again"),
    [
        (FinishReason.STOP, 2, 0),
        (FinishReason.LENGTH, 2, 0),
        (FinishReason.REFUSED, 0, 0),
        (FinishReason.FAILED, 2, 0),  # an answer came, and was not what it should be
        (FinishReason.FAILED, 0, 1),  # nothing ever reached the model
    ],
)
def test_only_what_never_reached_the_model_is_asked_again(
    tmp_path: Path, outcome: FinishReason, tokens: int, asked_again: int
) -> None:
    path = tmp_path / "journal.sqlite"
    run(path, CountingTeacher(outcome, tokens), REQUEST)
    teacher = CountingTeacher()
    [answer], _, _ = run(path, teacher, REQUEST)
    assert len(teacher.requests) == asked_again
    assert answer.finish_reason is (FinishReason.STOP if asked_again else outcome)


@pytest.mark.parametrize(
    ("said", "reason", "asked_again"),
    [
        ("red", FinishReason.STOP, False),
        (" \n", FinishReason.STOP, True),
        ("half of", FinishReason.LENGTH, True),
        ("", FinishReason.REFUSED, True),
        ("", FinishReason.FAILED, True),
    ],
)
def test_a_mended_teacher_is_asked_again_for_every_answer_that_was_of_no_use(
    tmp_path: Path, said: str, reason: FinishReason, asked_again: bool
) -> None:
    first = Completion(said, reason, 3, 2)

    async def ask() -> tuple[Completion, int]:
        journal = Journal.open(tmp_path / "journal.sqlite")
        teacher = CountingTeacher()
        await journal.put(request_key(teacher.identity, REQUEST), first)
        journaled = JournaledTeacher(teacher, journal, retry_failed=True)
        answer = await journaled.complete(REQUEST)
        await journaled.close()
        return answer, len(teacher.requests)

    answer, asked = asyncio.run(ask())
    assert asked == asked_again
    assert (answer == first) is not asked_again


def test_an_error_of_the_teacher_reaches_every_caller_and_is_not_recorded(tmp_path: Path) -> None:
    class Broken(CountingTeacher):
        async def complete(self, request: Request) -> Completion:
            raise TeacherError("gone")

    path = tmp_path / "journal.sqlite"
    with pytest.raises(TeacherError, match="gone"):
        run(path, Broken(), REQUEST, REQUEST)
    assert run(path, CountingTeacher(), REQUEST)[1:] == (1, 0)


def test_a_caller_that_gives_up_does_not_take_the_answer_from_another(tmp_path: Path) -> None:
    async def ask() -> Completion:
        journaled = JournaledTeacher(CountingTeacher(), Journal.open(tmp_path / "journal.sqlite"))
        first = asyncio.create_task(journaled.complete(REQUEST))
        second = asyncio.create_task(journaled.complete(REQUEST))
        await asyncio.sleep(0)
        first.cancel()
        answer = await second
        await journaled.close()
        return answer

    assert asyncio.run(ask()).text == "what is red ? 3"


def test_closing_closes_the_teacher_behind(tmp_path: Path) -> None:
    teacher = CountingTeacher()
    run(tmp_path / "journal.sqlite", teacher, REQUEST)
    assert teacher.closed


GOLDEN = "9aead2253fc7282de568d037f619d7d11df1e117a790fd9e12d2c8cc855aa481"


def test_the_key_of_a_request_never_changes() -> None:
    """A change here forgets every answer that anyone has stored: raise KEY_VERSION on purpose or not at all."""
    request = Request(
        (Message("system", "be brief"), Message("user", "caf\u00e9 \ud800?")),
        max_tokens=5,
        temperature=0,
        seed=7,
        choices=("yes", "no"),
        stop=("\n",),
    )
    assert request_key(IDENTITY, request) == GOLDEN


@given(
    st.text() | st.text(alphabet='ab\x00\x1f\x7f\n\t"\\\\/\u00e9\ud800\U0001f600'),
    st.integers(),
    st.floats(0, 2),
)
def test_a_key_is_the_digest_of_the_plainest_json(text: str, seed: int, temperature: float) -> None:
    request = Request((Message("system", text), Message("user", "x")), 5, temperature, seed, stop=(text,))
    plain = {
        "version": 1,
        "identity": ["transformers", "tiny", "0" * 40],
        "messages": [["system", text], ["user", "x"]],
        "max_tokens": 5,
        "temperature": float(temperature),
        "seed": seed,
        "choices": None,
        "json_schema": None,
        "stop": [text],
    }
    written = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    assert request_key(IDENTITY, request) == hashlib.sha256(written.encode("ascii")).hexdigest()


def test_a_schema_may_be_any_mapping_in_any_order() -> None:
    one = Request(REQUEST.messages, 5, json_schema={"a": {"b": 1}, "c": 2})
    other = Request(
        REQUEST.messages, 5, json_schema=MappingProxyType({"c": 2, "a": MappingProxyType({"b": 1})})
    )
    assert request_key(IDENTITY, one) == request_key(IDENTITY, other)


@given(st.data())
def test_whatever_determines_an_answer_changes_the_key(data: st.DataObject) -> None:
    changed = data.draw(
        st.sampled_from(
            [
                (IDENTITY, Request((Message("system", "what is red ?"),), 12, 0.5, 3)),
                (IDENTITY, Request((Message("user", "what is red?"),), 12, 0.5, 3)),
                (IDENTITY, Request((*REQUEST.messages, Message("assistant", "")), 12, 0.5, 3)),
                (IDENTITY, Request(REQUEST.messages, 13, 0.5, 3)),
                (IDENTITY, Request(REQUEST.messages, 12, 0.6, 3)),
                (IDENTITY, Request(REQUEST.messages, 12, 0.5, 4)),
                (IDENTITY, Request(REQUEST.messages, 12, 0.5, 3, choices=("a",))),
                (IDENTITY, Request(REQUEST.messages, 12, 0.5, 3, json_schema={})),
                (IDENTITY, Request(REQUEST.messages, 12, 0.5, 3, stop=("a",))),
                (TeacherIdentity("openai", "tiny", "0" * 40), REQUEST),
                (TeacherIdentity("transformers", "other", "0" * 40), REQUEST),
                (TeacherIdentity("transformers", "tiny", "1" * 40), REQUEST),
            ]
        )
    )
    assert request_key(*changed) != request_key(IDENTITY, REQUEST)


def test_a_journal_that_may_not_be_written_is_read_and_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "with space #1" / "journal.sqlite"
    answers, _, _ = run(path, CountingTeacher(), *seeds(3))
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    monkeypatch.setattr(
        os, "access", lambda *_: False
    )  # root may write anything: the mode alone would prove nothing
    file = JournalFile.open_to_read(path)
    for request, answer in zip(seeds(3), answers, strict=True):
        assert file.get(request_key(IDENTITY, request)) == answer
    assert file.get("0" * 64) is None
    with pytest.raises(StoreError):
        file.put([("0" * 64, answers[0])])
    file.close()
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before


def test_a_second_writer_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    program = f"""
import time
from pathlib import Path
from seedbed.teacher.journal import Journal
journal = Journal.open(Path({str(path)!r}))
print("open", flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(StoreError, match="in use by another seedbed process"):
            Journal.open(path)
        holder.send_signal(signal.SIGKILL)
    Journal.open(path).close()


def test_what_was_answered_before_a_kill_is_kept(tmp_path: Path) -> None:
    """Every answer that the killed process printed is recalled; only what was in flight is asked again."""
    path = tmp_path / "journal.sqlite"
    program = f"""
import asyncio
from pathlib import Path
from seedbed.teacher.journal import Journal, JournaledTeacher
from seedbed.teacher.teacher import *
class Teacher:
    identity = TeacherIdentity("transformers", "tiny", "0" * 40)
    async def complete(self, request):
        return Completion("x", FinishReason.STOP, 1, 1)
async def main():
    teacher = JournaledTeacher(Teacher(), Journal.open(Path({str(path)!r})))
    for seed in range(1_000_000):
        await teacher.complete(Request((Message("user", "what is red ?"),), 12, 0.5, seed))
        print(seed, flush=True)
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [process.stdout.readline()]
        time.sleep(0.3)
        os.kill(process.pid, signal.SIGKILL)
        told += process.stdout.readlines()
    last = int(told[-1] if told[-1].endswith("\n") else told[-2])
    assert last > 10
    _, asked, recalled = run(path, CountingTeacher(), *seeds(last + 1))
    assert (asked, recalled) == (0, last + 1)


def write_noise(path: Path) -> None:
    path.write_bytes(b"noise" * 5000)


def write_other_database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE other (x)")
    connection.close()


def write_newer_journal(path: Path) -> None:
    Journal.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (write_noise, "is damaged"),
        (write_other_database, "not a request journal"),
        (write_newer_journal, "format 99"),
        (Path.mkdir, "cannot be written"),
    ],
)
def test_a_file_that_cannot_be_the_journal_is_a_readable_error(
    tmp_path: Path, prepare: object, message: str
) -> None:
    path = tmp_path / "journal.sqlite"
    assert callable(prepare)
    prepare(path)
    with pytest.raises(StoreError, match=message) as raised:
        Journal.open(path)
    assert raised.value.hint
    assert str(path) in str(raised.value)


def test_a_folder_that_cannot_be_made_is_a_readable_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="a file of that name"):
        Journal.open(tmp_path / "file" / "journal.sqlite")


def test_a_damaged_record_is_a_readable_error(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    run(path, CountingTeacher(), REQUEST)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE answers SET answer = '{\"text\": 1'")
    connection.close()
    with pytest.raises(StoreError, match="is damaged"):
        run(path, CountingTeacher(), REQUEST)


def test_a_full_disk_is_a_readable_error_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    run(path, CountingTeacher(), *seeds(3))

    async def fill() -> None:
        journal = Journal.open(path)
        connection = journal._file._connection
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 1}")
        teacher = JournaledTeacher(CountingTeacher(), journal)
        try:
            with pytest.raises(StoreError, match="cannot be written: database or disk is full"):
                await asyncio.gather(*(teacher.complete(request) for request in seeds(500)))
        finally:
            await teacher.close()

    asyncio.run(fill())
    assert run(path, CountingTeacher(), *seeds(3))[1:] == (0, 3)
