"""The journal on a disk that fails: at every write, with every errno, it is valid and nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
from itertools import count
from pathlib import Path

import pytest
from support.failing_disk import failing_disk

from seedbed.errors import StoreError
from seedbed.teacher.journal import Journal, JournaledTeacher
from seedbed.teacher.teacher import Completion, FinishReason, Message, Request, TeacherIdentity

AT_ONCE = 2
REQUESTS = [Request((Message("user", "x" * 400),), 12, seed=seed) for seed in range(6)]


class Answering:
    identity = TeacherIdentity("scripted", "scripted", "r1")
    concurrency = AT_ONCE

    async def complete(self, request: Request) -> Completion:
        return Completion(f"answer {request.seed} " * 50, FinishReason.STOP, 3, 3)

    def unknown_words(self, text: str) -> tuple[str, ...]:
        return ()

    async def close(self) -> None:
        return


def run(path: Path, acknowledged: set[int]) -> int:
    """Ask for everything, some at a time; how many requests were made. Raises what the journal raises."""

    async def all_of_it() -> int:
        teacher = JournaledTeacher(Answering(), Journal.open(path))
        try:
            for start in range(0, len(REQUESTS), AT_ONCE):
                some = REQUESTS[start : start + AT_ONCE]
                done = await asyncio.gather(*map(teacher.complete, some), return_exceptions=True)
                for request, outcome in zip(some, done, strict=True):
                    if isinstance(outcome, BaseException):
                        raise outcome
                    acknowledged.add(request.seed)
            return teacher.asked
        finally:
            await teacher.close()

    return asyncio.run(all_of_it())


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC], ids=["EIO", "ENOSPC"])
def test_a_fault_at_any_write_loses_nothing_that_was_acknowledged(tmp_path: Path, error: int) -> None:
    """An input error comes once; a disk that is full stays full."""
    faults = 0
    for at in count(1):
        path, acknowledged = tmp_path / f"{at}.sqlite", set[int]()
        with failing_disk(at, error, lasting=error == errno.ENOSPC) as writes:
            try:
                run(path, acknowledged)
            except StoreError as raised:
                faults += 1
                assert str(path) in raised.message and raised.hint
        if not writes.made:
            pytest.skip("this Python's SQLite cannot be reached")
        if path.exists() and path.stat().st_size:
            with sqlite3.connect(path) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            connection.close()
        asked = run(path, set())
        assert asked <= len(REQUESTS) - len(acknowledged)
        if not writes.refused:
            break
    assert faults >= 5


def test_what_was_handed_over_is_on_disk_although_the_run_was_cancelled(tmp_path: Path) -> None:
    async def cancelled() -> None:
        teacher = JournaledTeacher(Answering(), Journal.open(tmp_path / "journal.sqlite"))
        journal = teacher._journal
        puts = [
            asyncio.ensure_future(journal.put(f"{n:064x}", Completion("x", FinishReason.STOP, 1, 1)))
            for n in range(50)
        ]
        await asyncio.sleep(0)
        for put in puts:
            put.cancel()
        await teacher.close()

    asyncio.run(cancelled())
    with sqlite3.connect(tmp_path / "journal.sqlite") as connection:
        assert connection.execute("SELECT count(*) FROM answers").fetchone() == (50,)
    connection.close()
