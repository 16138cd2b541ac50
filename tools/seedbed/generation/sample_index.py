"""Under which keys of a store samples are whose ids begin alike: a file beside the store, a memory and nothing more.

A table never changes once it is there, so only tables that are not remembered yet are read, and of those one column.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

_log = logging.getLogger(__name__)

FILE_NAME = "sample_ids.sqlite"
_AT_ONCE = 2_000  # tables read between two commits


def keys_of(
    prefix: str, keys: Collection[str], ids: Callable[[str], Iterable[str]], memory: Path
) -> tuple[str, ...]:
    """Of these keys those that may hold a sample whose id begins with `prefix`, sorted. `ids` reads the ids of a key.

    Where the file cannot be used it is all of them: who asks reads the samples themselves in any case.
    """
    try:
        with contextlib.closing(sqlite3.connect(memory, timeout=2)) as file:
            file.execute("CREATE TABLE IF NOT EXISTS tables (number INTEGER PRIMARY KEY, key TEXT UNIQUE)")
            file.execute(
                "CREATE TABLE IF NOT EXISTS samples (id TEXT, number INTEGER, PRIMARY KEY (id, number)) WITHOUT ROWID"
            )
            _remember(file, keys, ids)
            found = file.execute(
                "SELECT DISTINCT key FROM samples JOIN tables USING (number) WHERE id >= ? AND id < ?",
                (prefix, prefix + "g"),
            )
            return tuple(sorted({key for (key,) in found} & set(keys)))
    except sqlite3.Error as error:
        _log.info("%s is not used: %s", memory, error)
        if "locked" not in str(error):
            with contextlib.suppress(OSError):
                memory.unlink(missing_ok=True)
        return tuple(sorted(keys))


def _remember(file: sqlite3.Connection, keys: Collection[str], ids: Callable[[str], Iterable[str]]) -> None:
    known = {key for (key,) in file.execute("SELECT key FROM tables")}
    new = sorted(set(keys) - known)
    for start in range(0, len(new), _AT_ONCE):
        if start:
            _log.info("%s of %s tables read for their ids", f"{start:,}", f"{len(new):,}")
        with file:
            for key in new[start : start + _AT_ONCE]:
                number = file.execute("INSERT INTO tables (key) VALUES (?)", (key,)).lastrowid
                file.executemany(
                    "INSERT OR IGNORE INTO samples VALUES (?, ?)", [(one, number) for one in ids(key)]
                )
