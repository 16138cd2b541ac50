"""A memory of what a store holds: its records in one file, so that a hundred thousand of them need not be opened.

A record never changes once it is there, and the folder's list of names says which are; so only records that are not
remembered yet are read. Without the file everything is read, with the same outcome.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from seedbed.errors import StoreError
from seedbed.generation.funnel import Funnel

_log = logging.getLogger(__name__)

FILE_NAME = "catalogue.sqlite"
_FORMAT = 1
_AT_ONCE = 5_000  # records read between two commits


class CatalogueEntry(NamedTuple):
    """What a store holds under a key, as far as choosing between makings needs it. A row of the file as it is: of a
    hundred thousand, dataclasses would take most of the time of `seedbed status`."""

    key: str
    leaf: str
    leaf_blob: str
    document_blobs: tuple[str, ...]
    recipe_digest: str
    seed: int
    samples: int
    held_out: int
    funnel_text: str

    @property
    def total(self) -> Funnel:
        """The funnel of all stages together."""
        return Funnel.from_json(json.loads(self.funnel_text))


def catalogued(
    keys: Collection[str], read: Callable[[str], CatalogueEntry], memory: Path | None
) -> tuple[CatalogueEntry, ...]:
    """The entry of each key, sorted by key; one whose record is damaged is told and left out.

    `read` reads a record. `memory` is the file, None where there is to be none.
    """
    known = _load(memory) if memory is not None else {}
    wanted = set(keys)
    new = sorted(wanted - known.keys())
    stale = known.keys() - wanted
    for start in range(0, len(new), _AT_ONCE):
        entries = list(_readable(new[start : start + _AT_ONCE], read))
        known |= {entry.key: entry for entry in entries}
        if memory is not None:
            _save(memory, entries, ())
    if stale and memory is not None:
        _save(memory, (), stale)
    return tuple(known[key] for key in sorted(known.keys() - stale))


def remember(memory: Path, entries: Iterable[CatalogueEntry]) -> None:
    """Put what was just written into the file, so that it need not be read."""
    _save(memory, entries, ())


def _readable(keys: Iterable[str], read: Callable[[str], CatalogueEntry]) -> Iterator[CatalogueEntry]:
    for key in keys:
        try:
            yield read(key)
        except StoreError as error:
            _log.warning("%s: its samples count as missing", error)


def _load(memory: Path) -> dict[str, CatalogueEntry]:
    if not memory.is_file():
        return {}
    try:
        with contextlib.closing(sqlite3.connect(memory, timeout=2)) as file:
            if file.execute("PRAGMA user_version").fetchone()[0] != _FORMAT:
                return {}
            rows = file.execute(
                "SELECT key, leaf, leaf_blob, documents, recipe_digest, seed, samples, held_out, funnel FROM records"
            )
            return {row[0]: _entry(row) for row in rows}
    except (sqlite3.Error, ValueError, TypeError) as error:
        _log.info("%s is not used: %s", memory, error)
        return {}


def _entry(row: tuple[str, str, str, str, str, int, int, int, str]) -> CatalogueEntry:
    key, leaf, leaf_blob, listed, recipe_digest, seed, samples, held_out, funnel = row
    documents = () if listed == "[]" else tuple(json.loads(listed))
    return CatalogueEntry(key, leaf, leaf_blob, documents, recipe_digest, seed, samples, held_out, funnel)


def _save(memory: Path, entries: Iterable[CatalogueEntry], stale: Iterable[str]) -> None:
    rows = [
        (
            *(entry.key, entry.leaf, entry.leaf_blob, json.dumps(entry.document_blobs), entry.recipe_digest),
            *(entry.seed, entry.samples, entry.held_out, entry.funnel_text),
        )
        for entry in entries
    ]
    try:
        with contextlib.closing(sqlite3.connect(memory, timeout=2)) as file, file:
            if file.execute("PRAGMA user_version").fetchone()[0] != _FORMAT:
                file.execute("DROP TABLE IF EXISTS records")
                file.execute(f"PRAGMA user_version = {_FORMAT}")
            file.execute(
                "CREATE TABLE IF NOT EXISTS records (key TEXT PRIMARY KEY, leaf, leaf_blob, documents, recipe_digest, "
                "seed, samples, held_out, funnel) WITHOUT ROWID"
            )
            file.executemany("INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            file.executemany("DELETE FROM records WHERE key = ?", [(key,) for key in stale])
    except sqlite3.Error as error:
        _log.info("%s is not kept: %s", memory, error)
        if "locked" not in str(error):
            with contextlib.suppress(OSError):
                memory.unlink(missing_ok=True)
