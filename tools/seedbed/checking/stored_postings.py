"""Postings in a file beside the git objects, and with what has changed since on top."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from seedbed.checking.postings import MOST_IN_BAND, Asked, MemoryPostings, Number, Postings
from seedbed.errors import RepositoryError

FORMAT = 6
"""Counts up when keys or tables change; a file of another format is made anew."""

HasNear = Callable[[Number, Postings], bool]
"""Whether another leaf asks nearly the same as the one of this number."""


class DamagedIndexError(RepositoryError):
    """The stored postings cannot be read on; whoever meets it removes them and goes on without, or makes them anew."""

    def __init__(self, file: Path) -> None:
        super().__init__(f"the index {file} is damaged inside", hint="remove it; it is made anew when wanted")


class StoredPostings:
    """Postings of the leaves of one commit, in an SQLite file that is written once and then only read."""

    def __init__(self, file: Path, connection: sqlite3.Connection, commit: str, leaves: int) -> None:
        self._file = file
        self._inode = file.stat().st_ino
        self._connection = connection
        self._cursor = connection.cursor()
        self._numbered: tuple[str, int | None] = ("", None)  # each leaf is asked for several times in a row
        self.commit = commit
        self.count = leaves

    @classmethod
    def open(cls, file: Path) -> StoredPostings | None:
        """The postings in `file`; None when there are none, or they are of another format or damaged."""
        if not file.is_file():
            return None
        try:
            connection = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
            [(form, commit, leaves)] = connection.execute("SELECT format, commit_id, leaves FROM origin")
        except (sqlite3.DatabaseError, ValueError):
            return None
        return cls(file, connection, str(commit), int(leaves)) if form == FORMAT else None

    @classmethod
    def write(
        cls, file: Path, commit: str, leaves: Iterable[Asked], has_near: HasNear | None = None
    ) -> StoredPostings:
        """Write the postings of `commit` and open them. A reader sees the old file or the new one, never half of it.

        Where the file cannot be written, as in a repository that is only to be read, they last as long as the process.
        """
        import tempfile  # slow to import, and a reader of stored postings needs it not

        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=file.name, dir=file.parent)
        except OSError:
            handle, name = tempfile.mkstemp(prefix="seedbed-")
            file = Path(name)
        os.close(handle)
        try:
            _fill(Path(name), commit, leaves)
            if has_near is not None:
                _mark_alone(Path(name), has_near)
            Path(name).replace(file)
        except BaseException as error:
            Path(name).unlink(missing_ok=True)
            if isinstance(error, sqlite3.OperationalError):
                raise RepositoryError(
                    f"the index of the taxonomy cannot be written: {error}",
                    hint=f"look at the free space of {file.parent}",
                ) from error
            raise
        found = cls.open(file)
        assert found is not None, "what was just written can be read"
        if file.name.startswith("seedbed-"):
            file.unlink()  # the open connection keeps it
        return found

    def leaves(self, key: int, most: int) -> Sequence[Number]:
        rows = self._rows("SELECT leaf FROM entry WHERE key = ? LIMIT ?", (key, most))
        return [leaf for (leaf,) in rows]

    def path(self, leaf: Number) -> str:
        return self._blob("path", leaf).decode("utf-8", "surrogateescape")

    def sketches(self, leaf: Number) -> Sequence[frozenset[int]]:
        try:
            return _unpacked(self._blob("sketches", leaf))
        except ValueError as error:
            raise DamagedIndexError(self._file) from error

    def sharing(self, keys: Sequence[int], fewest: int) -> Mapping[Number, int]:
        marks = ",".join("?" * len(keys))
        rows = self._rows(f"SELECT leaf FROM entry WHERE key IN ({marks})", keys)
        votes = Counter(leaf for (leaf,) in rows)
        return {leaf: count for leaf, count in votes.items() if count >= fewest}

    def alone(self, path: str, mark: int) -> bool:
        name = path.encode("utf-8", "surrogateescape")
        return bool(self._rows("SELECT 1 FROM leaf WHERE path = ? AND alone = ?", (name, mark)))

    def number(self, path: str) -> Number | None:
        if path == self._numbered[0]:
            return self._numbered[1]
        query = "SELECT number FROM leaf WHERE path = ?"
        found = self._rows(query, (path.encode("utf-8", "surrogateescape"),))
        self._numbered = path, int(found[0][0]) if found else None
        return self._numbered[1]

    def _blob(self, column: str, leaf: Number) -> bytes:
        rows = self._rows(f"SELECT {column} FROM leaf WHERE number = ?", (leaf,))
        if len(rows) != 1 or not isinstance(rows[0][0], bytes):
            raise DamagedIndexError(self._file)
        return rows[0][0]

    def _rows(self, query: str, values: Sequence[Any]) -> list[Any]:
        try:
            return self._cursor.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise DamagedIndexError(self._file) from error

    def forget(self) -> None:
        """Remove the file, unless another process has put a new one in its place."""
        self._connection.close()
        with contextlib.suppress(FileNotFoundError):
            if self._file.stat().st_ino == self._inode:
                self._file.unlink()


class LayeredPostings:
    """Stored postings with what has changed since: leaves that are hidden, and others on top."""

    def __init__(self, stored: StoredPostings, hidden: Collection[str], above: MemoryPostings) -> None:
        self._stored = stored
        self._hidden = {stored.number(path) for path in hidden}
        self._above = above

    def leaves(self, key: int, most: int) -> Sequence[Number]:
        below = self._stored.leaves(key, most + len(self._hidden))
        kept = [leaf for leaf in below if leaf not in self._hidden]
        return [*self._above.leaves(key, most), *kept][:most]

    def sharing(self, keys: Sequence[int], fewest: int) -> Mapping[Number, int]:
        below = self._stored.sharing(keys, fewest).items()
        kept = {leaf: count for leaf, count in below if leaf not in self._hidden}
        return {**kept, **self._above.sharing(keys, fewest)}

    def path(self, leaf: Number) -> str:
        return leaf if isinstance(leaf, str) else self._stored.path(leaf)

    def sketches(self, leaf: Number) -> Sequence[frozenset[int]]:
        return self._above.sketches(leaf) if isinstance(leaf, str) else self._stored.sketches(leaf)

    def number(self, path: str) -> Number | None:
        number = self._stored.number(path)
        return path if number is None or number in self._hidden else number

    def alone(self, path: str, mark: int) -> bool:
        return (
            self._above.empty
            and self._stored.number(path) not in self._hidden
            and self._stored.alone(path, mark)
        )

    def forget(self) -> None:
        self._stored.forget()


_SHARED = """
SELECT DISTINCT leaf FROM entry
WHERE key IN (SELECT key FROM entry WHERE key % 2 GROUP BY key HAVING count(*) > 1)
"""


def _mark_alone(file: Path, has_near: HasNear) -> None:
    """Note which leaves have no neighbour, so that each later check of all leaves need not look for it again."""
    stored = StoredPostings.open(file)
    assert stored is not None, "what was just written can be read"
    shared = {leaf for (leaf,) in stored._rows(_SHARED, ())}
    alone = [(leaf,) for leaf in range(stored.count) if leaf not in shared and not has_near(leaf, stored)]
    stored._connection.close()
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        connection.executemany("UPDATE leaf SET alone = mark WHERE number = ?", alone)
        connection.commit()


def _packed(sketches: Iterable[Collection[int]]) -> bytes:
    """Each sketch behind its length, as numbers of 32 bits in the order of this machine."""
    numbers = array("I")
    for shingled in sketches:
        numbers.append(len(shingled))
        numbers.extend(shingled)
    return numbers.tobytes()


def _unpacked(packed: bytes) -> list[frozenset[int]]:
    """What `_packed` was given. Raises ValueError for other bytes."""
    numbers = array("I")
    numbers.frombytes(packed)
    sketches = []
    start = 0
    while start < len(numbers):
        end = start + 1 + numbers[start]
        if end > len(numbers):
            raise ValueError("a sketch is longer than what is stored")
        sketches.append(frozenset(numbers[start + 1 : end]))
        start = end
    return sketches


def _fill(file: Path, commit: str, leaves: Iterable[Asked]) -> None:
    """Collect first and sort once: a tree that grows key by key would be written many times over."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE;"
            "CREATE TABLE origin (format INTEGER, commit_id TEXT, leaves INTEGER);"
            "CREATE TABLE leaf (number INTEGER PRIMARY KEY, path BLOB, sketches BLOB, mark INTEGER, alone INTEGER);"
            "CREATE TABLE entry (key INTEGER, leaf INTEGER, PRIMARY KEY (key, leaf)) WITHOUT ROWID;"
            "CREATE TEMP TABLE loose (key INTEGER, leaf INTEGER);"
        )
        number = -1

        def rows() -> Iterator[tuple[int, int]]:
            nonlocal number
            for number, asked in enumerate(leaves):
                name = asked.path.encode(
                    "utf-8", "surrogateescape"
                )  # a tree can hold names that are not UTF-8
                values = (number, name, _packed(asked.sketches), asked.mark)
                connection.execute("INSERT INTO leaf VALUES (?, ?, ?, ?, NULL)", values)
                for key in asked.keys:
                    yield key, number

        connection.executemany("INSERT INTO loose VALUES (?, ?)", rows())
        connection.execute(
            "INSERT INTO entry SELECT key, leaf FROM loose WHERE key NOT IN (SELECT key FROM loose"
            " WHERE key % 2 = 0 GROUP BY key HAVING count(*) > ?) ORDER BY key, leaf",
            (MOST_IN_BAND,),
        )
        connection.execute("CREATE UNIQUE INDEX leaf_by_path ON leaf (path)")
        connection.execute("INSERT INTO origin VALUES (?, ?, ?)", (FORMAT, commit, number + 1))
        connection.commit()
