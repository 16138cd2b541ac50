"""The request journal: every answer is on disk before it is used, and no request is made twice."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seedbed.errors import StoreError
from seedbed.teacher.teacher import Completion, FinishReason, Request, Teacher, TeacherIdentity

KEY_VERSION = 1  # part of every key: a new number forgets every answer
_APPLICATION_ID = 0x5EEDBED
_FORMAT = 1  # of the file; in `user_version`


def request_key(identity: TeacherIdentity, request: Request) -> str:
    """64 hex digits from everything that determines an answer: the model, the messages, every parameter, the seed."""
    content = {
        "version": KEY_VERSION,
        "identity": [identity.backend, identity.model, identity.revision],
        "messages": [[message.role, message.content] for message in request.messages],
        "max_tokens": request.max_tokens,
        "temperature": float(request.temperature),
        "seed": request.seed,
        "choices": request.choices,
        "json_schema": request.json_schema,
        "stop": request.stop,
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def recallable(completion: Completion) -> bool:
    """Whether a later run takes this answer as it is. FAILED without a token read never reached the model: ask again."""
    return completion.finish_reason is not FinishReason.FAILED or completion.prompt_tokens > 0


class Journal:
    """A SQLite file with one writer at a time; the lock ends with the process that holds it, however it ends."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        """Use `Journal.open`."""
        self.path = path
        self._connection = connection
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._unwritten: list[tuple[str, Completion, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    @classmethod
    def open(cls, path: Path) -> Journal:
        """Open or create the journal at `path`.

        Raises StoreError when the file cannot be written, is no journal, is damaged, or another process holds it.
        """
        connection: sqlite3.Connection | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, timeout=0.5, isolation_level=None, check_same_thread=False)
            _prepare(path, connection)
        except (sqlite3.Error, OSError) as error:
            if connection is not None:
                connection.close()
            if isinstance(error, StoreError):
                raise
            raise _readable(error, path) from error
        return cls(path, connection)

    def get(self, key: str) -> Completion | None:
        """The answer on record, if there is one."""
        try:
            row = self._connection.execute("SELECT answer FROM answers WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error as error:
            raise _readable(error, self.path) from error
        return None if row is None else _decoded(row[0], self.path)

    async def put(self, key: str, completion: Completion) -> None:
        """Record an answer; when this returns it is on disk. Answers that come together share one commit."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._unwritten.append((key, completion, done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        await asyncio.shield(done)

    def close(self) -> None:
        """Finish the commit that runs and give the file free."""
        self._thread.shutdown(wait=True)
        self._connection.close()

    async def _write_all(self) -> None:
        while self._unwritten:
            batch, self._unwritten = self._unwritten, []
            rows = [(key, _encoded(completion)) for key, completion, _ in batch]
            writing = asyncio.get_running_loop().run_in_executor(self._thread, self._write, rows)
            await asyncio.wait({writing})
            error = writing.exception()
            for _, _, done in batch:
                if done.done():
                    continue
                if error is None:
                    done.set_result(None)
                else:
                    done.set_exception(error)

    def _write(self, rows: list[tuple[str, str]]) -> None:
        try:
            self._connection.execute("BEGIN")
            self._connection.executemany("INSERT OR REPLACE INTO answers (key, answer) VALUES (?, ?)", rows)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise _readable(error, self.path) from error


@dataclass(slots=True)
class _Asking:
    """One request in flight; it is given up when the last of those who wait for it gives up."""

    task: asyncio.Task[Completion]
    waiting: int = 0

    async def answer(self) -> Completion:
        self.waiting += 1
        try:
            return await asyncio.shield(self.task)
        finally:
            self.waiting -= 1
            if not self.waiting:
                self.task.cancel()  # does nothing when it is done


class JournaledTeacher:
    """A teacher that remembers. `asked` counts requests put to the teacher behind, `recalled` those answered from
    the journal; equal requests in flight at the same time are put once."""

    def __init__(self, teacher: Teacher, journal: Journal) -> None:
        self.asked = 0
        self.recalled = 0
        self.prompt_tokens = 0  # of what was asked, as are those of the answers
        self.completion_tokens = 0
        self._teacher = teacher
        self._journal = journal
        self._asking: dict[str, _Asking] = {}

    @property
    def identity(self) -> TeacherIdentity:
        """The identity of the teacher behind."""
        return self._teacher.identity

    @property
    def concurrency(self) -> int:
        """The concurrency of the teacher behind."""
        return self._teacher.concurrency

    async def complete(self, request: Request) -> Completion:
        """See `Teacher.complete`; what it returns is on disk."""
        key = request_key(self._teacher.identity, request)
        asking = self._asking.get(key)
        if asking is None:
            known = self._journal.get(key)
            if known is not None and recallable(known):
                self.recalled += 1
                return known
            asking = self._asking[key] = _Asking(asyncio.create_task(self._ask(key, request)))
            asking.task.add_done_callback(lambda _: self._asking.pop(key, None))
        else:
            self.recalled += 1
        return await asking.answer()

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """The unknown words of the teacher behind."""
        return self._teacher.unknown_words(text)

    async def close(self) -> None:
        """Close the teacher behind, then the journal."""
        await self._teacher.close()
        self._journal.close()

    async def _ask(self, key: str, request: Request) -> Completion:
        self.asked += 1
        completion = await self._teacher.complete(request)
        self.prompt_tokens += completion.prompt_tokens
        self.completion_tokens += completion.completion_tokens
        await self._journal.put(key, completion)
        return completion


def _prepare(path: Path, connection: sqlite3.Connection) -> None:
    connection.execute(
        "PRAGMA locking_mode = EXCLUSIVE"
    )  # before the first read: held until closed or killed
    found = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and found != _APPLICATION_ID:
        raise StoreError(
            f"{path} is a SQLite file, but not a request journal",
            hint="name another store, or move the file away",
        )
    file_format = connection.execute("PRAGMA user_version").fetchone()[0]
    if file_format > _FORMAT:
        raise StoreError(
            f"{path} is a journal of format {file_format}; this Seedbed reads {_FORMAT}",
            hint="pip install --upgrade seedbed",
        )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("BEGIN EXCLUSIVE")
    connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {_FORMAT}")
    connection.execute("CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, answer TEXT NOT NULL)")
    connection.execute("COMMIT")


def _encoded(completion: Completion) -> str:
    return json.dumps(
        asdict(completion), sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=_plain
    )


def _decoded(text: str, path: Path) -> Completion:
    try:
        fields: dict[str, Any] = json.loads(text)
        return Completion(**{**fields, "finish_reason": FinishReason(fields["finish_reason"])})
    except (ValueError, TypeError, KeyError) as error:
        raise _readable(error, path) from error


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a request holds {type(value).__name__}, which has no JSON form")


def _readable(error: Exception, path: Path) -> StoreError:
    text = str(error)
    if "locked" in text:
        return StoreError(
            f"the request journal {path} is in use by another seedbed process",
            hint="wait until it has ended, or use another store",
        )
    if "not a database" in text or "malformed" in text or not isinstance(error, sqlite3.Error | OSError):
        return StoreError(
            f"the request journal {path} is damaged: {text}",
            hint=f"move it away ({path}, {path.name}-wal): its answers will be asked again",
        )
    if isinstance(error, FileExistsError | NotADirectoryError):
        return StoreError(
            f"the store's folder {path.parent} cannot be made: there is a file of that name on its path",
            hint="move the file away, or name another folder with --store or as [store] path",
        )
    return StoreError(
        f"the request journal {path} cannot be written: {getattr(error, 'strerror', None) or text}",
        hint="check the folder's owner, mode and free space",
    )
