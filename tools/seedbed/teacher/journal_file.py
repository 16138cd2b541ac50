"""The journal on disk: a SQLite file that one process holds, and what its faults mean to a person."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from seedbed.errors import StoreError
from seedbed.teacher.teacher import Completion, FinishReason

_APPLICATION_ID = 0x5EEDBED
_FORMAT = 1  # of the file; in `user_version`
_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=True, separators=(",", ":"))


class JournalFile:
    """Answers by key, in write-ahead mode: what is committed survives a killed process and a lost machine.

    One thread at a time. The lock ends with the process that holds it, however that ends. Every method raises
    StoreError with what a person can do; what was committed before is intact.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        """Use `JournalFile.open`."""
        self.path = path
        self._connection = connection

    @classmethod
    def open(cls, path: Path) -> JournalFile:
        """Open or create the file. StoreError when it cannot be written, is no journal, is damaged, or is held."""
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

    @classmethod
    def open_to_read(cls, path: Path) -> JournalFile:
        """Open a file that answers are only read from; one that may not be written is taken as it is on disk. What a
        killed writer left beside it is then not seen. Raises StoreError as `open`."""
        if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
            return cls.open(path)
        return cls(path, sqlite3.connect(f"{path.resolve().as_uri()}?immutable=1", uri=True))

    def get(self, key: str) -> Completion | None:
        """The answer on record, if there is one."""
        try:
            row = self._connection.execute("SELECT answer FROM answers WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error as error:
            raise _readable(error, self.path) from error
        return None if row is None else _decoded(row[0], self.path)

    def put(self, answers: Iterable[tuple[str, Completion]]) -> None:
        """Record answers in one transaction: when this returns all are on disk, when it raises none is."""
        rows = [(key, _encoded(completion)) for key, completion in answers]
        try:
            self._connection.execute("BEGIN")
            self._connection.executemany("INSERT OR REPLACE INTO answers (key, answer) VALUES (?, ?)", rows)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            try:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
            except sqlite3.Error:
                pass  # the disk refuses this too; what was not committed is not read back
            raise _readable(error, self.path) from error

    def close(self) -> None:
        """Give the file free."""
        self._connection.close()


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
    probabilities = completion.choice_log_probabilities
    return _ENCODER.encode(
        {
            "text": completion.text,
            "finish_reason": completion.finish_reason,
            "prompt_tokens": completion.prompt_tokens,
            "completion_tokens": completion.completion_tokens,
            "detail": completion.detail,
            "choice_log_probabilities": None if probabilities is None else dict(probabilities),
            **({"cause": completion.cause} if completion.cause else {}),
        }
    )


def _decoded(text: str, path: Path) -> Completion:
    try:
        fields: dict[str, Any] = json.loads(text)
        return Completion(**{**fields, "finish_reason": FinishReason(fields["finish_reason"])})
    except (ValueError, TypeError, KeyError) as error:
        raise _readable(error, path) from error


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
