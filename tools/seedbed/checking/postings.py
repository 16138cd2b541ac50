"""Which leaves hold a key: in memory, in a file beside the git objects, or in both, the one on top of the other."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from seedbed.errors import RepositoryError

FORMAT = 4
"""Counts up when keys or tables change; a file of another format is made anew."""


Number = int | str
"""A leaf as postings name it: its number in a file, or the path itself."""


MOST_IN_BAND = 64
"""Leaves up to which a band counts; a crowded one comes from words that very many begin with, and says nothing.
Keys of bands are even. Odd keys are never crowded: every leaf that holds one counts."""


class Postings(Protocol):
    """Keys are 64-bit integers. Leaves are numbers until their paths are asked for: most candidates never are."""

    def leaves(self, key: int, most: int) -> Sequence[Number]:
        """Leaves that hold `key`, in no particular order, at most `most` of them."""
        ...

    def sharing(self, keys: Sequence[int], fewest: int) -> Mapping[Number, int]:
        """Leaves that hold at least `fewest` of the band keys, and how many. Of a crowded key nothing need be known."""
        ...

    def path(self, leaf: Number) -> str:
        """The path of the leaf's file."""
        ...


class MemoryPostings:
    """Postings that live as long as the process."""

    def __init__(self) -> None:
        self._leaves: dict[int, list[Number]] = {}

    def add(self, path: str, keys: Iterable[int]) -> None:
        """Note which keys the leaf at `path` holds."""
        for key in set(keys):
            self._leaves.setdefault(key, []).append(path)

    def leaves(self, key: int, most: int) -> Sequence[Number]:
        return self._leaves.get(key, [])[:most]

    def sharing(self, keys: Sequence[int], fewest: int) -> Mapping[Number, int]:
        votes: Counter[Number] = Counter()
        for key in set(keys):
            found = self._leaves.get(key, ())
            if len(found) <= MOST_IN_BAND:
                votes.update(found)
        return {leaf: count for leaf, count in votes.items() if count >= fewest}

    def path(self, leaf: Number) -> str:
        return str(leaf)


class StoredPostings:
    """Postings of the leaves of one commit, in an SQLite file that is written once and then only read."""

    def __init__(self, connection: sqlite3.Connection, commit: str, leaves: int) -> None:
        self._connection = connection
        self._cursor = connection.cursor()
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
        return cls(connection, str(commit), int(leaves)) if form == FORMAT else None

    @classmethod
    def write(cls, file: Path, commit: str, leaves: Iterable[tuple[str, Collection[int]]]) -> StoredPostings:
        """Write the postings of `commit` and open them. A reader sees the old file or the new one, never half of it.

        Where the file cannot be written, as in a repository that is only to be read, they last as long as the process.
        """
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=file.name, dir=file.parent)
        except OSError:
            handle, name = tempfile.mkstemp(prefix="seedbed-")
            file = Path(name)
        os.close(handle)
        try:
            _fill(Path(name), commit, leaves)
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
        rows = self._cursor.execute("SELECT leaf FROM entry WHERE key = ? LIMIT ?", (key, most))
        return [leaf for (leaf,) in rows]

    def path(self, leaf: Number) -> str:
        [(path,)] = self._connection.execute("SELECT path FROM leaf WHERE number = ?", (leaf,))
        return bytes(path).decode("utf-8", "surrogateescape")

    def sharing(self, keys: Sequence[int], fewest: int) -> Mapping[Number, int]:
        marks = ",".join("?" * len(keys))
        query = f"SELECT leaf, count(*) FROM entry WHERE key IN ({marks}) GROUP BY leaf HAVING count(*) >= ?"
        return dict(self._cursor.execute(query, (*keys, fewest)))

    def number(self, path: str) -> Number | None:
        """The number of the leaf at `path`, if it is among them."""
        query = "SELECT number FROM leaf WHERE path = ?"
        found = self._connection.execute(query, (path.encode("utf-8", "surrogateescape"),)).fetchone()
        return None if found is None else int(found[0])


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


def _fill(file: Path, commit: str, leaves: Iterable[tuple[str, Collection[int]]]) -> None:
    """Collect first and sort once: a tree that grows key by key would be written many times over."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE;"
            "CREATE TABLE origin (format INTEGER, commit_id TEXT, leaves INTEGER);"
            "CREATE TABLE leaf (number INTEGER PRIMARY KEY, path BLOB);"
            "CREATE TABLE entry (key INTEGER, leaf INTEGER, PRIMARY KEY (key, leaf)) WITHOUT ROWID;"
            "CREATE TEMP TABLE loose (key INTEGER, leaf INTEGER);"
        )
        number = -1

        def rows() -> Iterator[tuple[int, int]]:
            nonlocal number
            for number, (path, keys) in enumerate(leaves):
                name = path.encode("utf-8", "surrogateescape")  # a tree can hold names that are not UTF-8
                connection.execute("INSERT INTO leaf VALUES (?, ?)", (number, name))
                for key in set(keys):
                    yield key, number

        connection.executemany("INSERT INTO loose VALUES (?, ?)", rows())
        connection.execute(
            "INSERT INTO entry SELECT key, leaf FROM loose WHERE key NOT IN (SELECT key FROM loose"
            " WHERE key % 2 = 0 GROUP BY key HAVING count(*) > ?) ORDER BY key, leaf",
            (MOST_IN_BAND,),
        )
        connection.execute("CREATE INDEX leaf_by_path ON leaf (path)")
        connection.execute("INSERT INTO origin VALUES (?, ?, ?)", (FORMAT, commit, number + 1))
        connection.commit()
