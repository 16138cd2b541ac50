"""Under which keys of a store samples are whose ids begin alike: a file beside the store, a memory and nothing more.

Whoever writes a store notes the ids in it. A table never changes once it is there, so of a store that was copied or
made elsewhere only the tables that are not noted yet are read, and of those one column.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

from seedbed.generation.progress import Watch

_log = logging.getLogger(__name__)

FILE_NAME = "sample_ids.sqlite"
_FORMAT = 1
_AT_ONCE = 2_000  # tables read between two commits


class SampleIndex:
    """The file at `path`. What is wrong with it is told in the log, and then it is done without."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def note(self, tables: Iterable[tuple[str, Sequence[str]]]) -> bool:
        """Remember the ids of tables, by key; whether that could be done."""
        try:
            with contextlib.closing(self._opened()) as file, file:
                for key, ids in tables:
                    # A table that is written again gets another number: what the damaged one held is not found.
                    number = file.execute("INSERT OR REPLACE INTO tables (key) VALUES (?)", (key,)).lastrowid
                    rows = [(one, number) for one in ids]
                    file.executemany("INSERT OR IGNORE INTO samples VALUES (?, ?)", rows)
        except sqlite3.Error as error:
            self._without(error)
            return False
        return True

    def keys_of(
        self, prefix: str, keys: Collection[str], ids: Callable[[str], Sequence[str]], watch: Watch
    ) -> tuple[str, ...]:
        """Of these keys those that hold a sample whose id begins with `prefix`, sorted. `ids` reads the ids of a key.

        Where the file cannot be written, what it lacks is read each time.
        """
        known, matching = self._known(prefix)
        new = sorted(set(keys) - known)
        unnoted: list[tuple[str, Sequence[str]]] = []
        writable = True
        for done, key in enumerate(new, 1):
            watch("tables read", done, len(new))
            unnoted.append((key, ids(key)))
            if any(one.startswith(prefix) for one in unnoted[-1][1]):
                matching.add(key)
            if done % _AT_ONCE == 0 or done == len(new):
                writable = writable and self.note(unnoted)
                unnoted = []
        return tuple(sorted(matching.intersection(keys)))

    def _known(self, prefix: str) -> tuple[set[str], set[str]]:
        """All keys that are noted, and those among them that hold such a sample."""
        if not self._path.is_file():
            return set(), set()
        try:
            with contextlib.closing(self._opened()) as file:
                found = file.execute(
                    "SELECT DISTINCT key FROM samples JOIN tables USING (number) WHERE id >= ? AND id < ?",
                    (prefix, prefix + "g"),
                )
                matching = {key for (key,) in found}
                return {key for (key,) in file.execute("SELECT key FROM tables")}, matching
        except sqlite3.Error as error:
            self._without(error)
            return set(), set()

    def _opened(self) -> sqlite3.Connection:
        """The file with its tables; one of another format is emptied."""
        file = sqlite3.connect(self._path, timeout=2)
        try:
            if file.execute("PRAGMA user_version").fetchone()[0] != _FORMAT:
                for statement in (
                    "DROP TABLE IF EXISTS tables",
                    "DROP TABLE IF EXISTS samples",
                    "CREATE TABLE tables (number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT UNIQUE)",
                    "CREATE TABLE samples (id TEXT, number INTEGER, PRIMARY KEY (id, number)) WITHOUT ROWID",
                    f"PRAGMA user_version = {_FORMAT}",
                ):
                    file.execute(statement)
        except sqlite3.Error:
            file.close()
            raise
        return file

    def _without(self, error: sqlite3.Error) -> None:
        _log.info("%s is not used: %s", self._path, error)
        if not isinstance(
            error, sqlite3.OperationalError
        ):  # no fault of the disk's: it is damaged, or no database
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)
