"""What is known of every leaf of a commit without reading all of them again: which leaf, of what kind, which documents.

What was read once is kept beside the git objects, for one commit; for another one, only leaves whose folders differ
are read. Without that file, or with a damaged one, everything is read, with the same outcome.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from seedbed import __version__
from seedbed.documents.read_documents import documents_at_hand
from seedbed.errors import RepositoryError
from seedbed.generation.leaf_sources import LeafSource, read_source
from seedbed.taxonomy.changes import all_leaves, changed_leaves, leaf_name
from seedbed.taxonomy.leaf import DocumentSource, Kind
from seedbed.taxonomy.leaf_files import plain_root
from seedbed.taxonomy.repository import Repository, TreeFile

_log = logging.getLogger(__name__)

_FORMAT = 1
_MANY = 2_000  # leaves from which reading them is announced


class LeafEntry(NamedTuple):
    """A leaf as it stands at a commit, without its text. Where it cannot be read, `problem` says why. `kind` is None
    for such a leaf, and for one that nobody had to read. `fetched` is as in `LeafSource`."""

    name: str
    path: str
    blob: str
    kind: Kind | None
    document_blobs: tuple[str, ...] = ()
    problem: str | None = None
    fetched: bool = True
    cited: DocumentSource | None = None

    @classmethod
    def of(cls, source: LeafSource) -> LeafEntry:
        """What is kept of a leaf that was read."""
        leaf = source.leaf
        return cls(
            source.name,
            source.path,
            source.blob,
            leaf.kind if leaf else None,
            source.document_blobs,
            source.problem,
            source.fetched,
            leaf.document if leaf else None,
        )


def leaf_entries(
    repository: Repository,
    *,
    commit: str | None,
    taxonomy_root: str,
    grown: Collection[tuple[str, str]] = frozenset(),
) -> tuple[LeafEntry, ...]:
    """Every leaf of a commit (None: the working tree), sorted by path. The network is left alone.

    `grown` are names and blobs of leaves that are known to be readable and to cite no document: they are not read.
    """

    def read(file: TreeFile) -> LeafEntry:
        name = leaf_name(file.path, taxonomy_root)
        if (name, file.blob) in grown:
            return LeafEntry(name, file.path, file.blob, None)
        source = read_source(repository, file, commit=commit, taxonomy_root=taxonomy_root, fetch=False)
        return LeafEntry.of(source)

    if commit is None:
        files = all_leaves(repository, revision=None, taxonomy_root=taxonomy_root)
        return tuple(map(read, files))
    index = _Index(repository, taxonomy_root)
    known = index.load()
    changed = _changed(repository, known[0], commit, taxonomy_root, known[1]) if known else None
    if known is None or changed is None:
        files = all_leaves(repository, revision=commit, taxonomy_root=taxonomy_root)
        new = sum((leaf_name(file.path, taxonomy_root), file.blob) not in grown for file in files)
        if new >= _MANY:
            _log.warning("reading %s leaves; what they are is kept for the next time", f"{new:,}")
        entries = {file.path: read(file) for file in files}
        index.save(commit, entries.values(), entries.keys())
    else:
        entries = known[1]
        gone, again = changed
        newly = {file.path: read(file) for file in again}
        waiting = [entry for path, entry in entries.items() if not entry.fetched and path not in newly]
        newly |= _fetched_since(repository, waiting, read)
        entries = {path: entry for path, entry in entries.items() if path not in gone} | newly
        if newly or gone or known[0] != commit:
            index.save(commit, newly.values(), gone | newly.keys())
    return tuple(entries[path] for path in sorted(entries))


def _changed(
    repository: Repository, base: str, commit: str, root: str, known: Mapping[str, LeafEntry]
) -> tuple[set[str], list[TreeFile]] | None:
    """Paths of the leaves that are gone since `base`, and the files of those to be read again: they themselves, or
    anything below their folder, differ. None when `base` is no longer in this repository."""
    if base == commit:
        return set(), []
    try:
        differing = repository.differing(base, commit, plain_root(root))
        changes = changed_leaves(repository, base=base, head=commit, taxonomy_root=root)
    except RepositoryError:
        return None
    folders = {folder for pair in differing for file in pair if file for folder in folders_above(file.path)}
    again = {path for path, entry in known.items() if entry.cited and path.rpartition("/")[0] in folders}
    gone = {change.path for change in changes if change.blob is None}
    gone |= {change.old_path for change in changes if change.old_path and change.old_path != change.path}
    again |= {change.path for change in changes if change.blob is not None}
    files: list[TreeFile] = []
    for path in sorted(again - gone):
        here = repository.folder(commit, path.rpartition("/")[0]).files.get(path)
        if here is not None:
            files.append(here)
        else:
            gone.add(path)
    return gone, files


def folders_above(path: str) -> Iterator[str]:
    """Every folder that a path lies in, the nearest first, down to the empty path of the top."""
    while path:
        path = path.rpartition("/")[0]
        yield path


def _fetched_since(
    repository: Repository, waiting: Iterable[LeafEntry], read: Callable[[TreeFile], LeafEntry]
) -> dict[str, LeafEntry]:
    """Leaves whose documents, which stand elsewhere, have been fetched since they were read."""
    found = {}
    for entry in waiting:
        if entry.cited is not None and documents_at_hand(repository, entry.cited):
            found[entry.path] = read(TreeFile(entry.path, 0o100644, entry.blob, 0))._replace(name=entry.name)
    return found


class _Index:
    """The file. Whatever is wrong with it, it is only a memory: it is left out, and made anew where possible."""

    def __init__(self, repository: Repository, taxonomy_root: str) -> None:
        name = f"entries-{sha256(taxonomy_root.encode()).hexdigest()[:12]}.sqlite"
        self._path: Path = repository.cache_folder / name

    def load(self) -> tuple[str, dict[str, LeafEntry]] | None:
        """The commit that was read last, and its leaves by path."""
        if not self._path.is_file():
            return None
        try:
            with contextlib.closing(sqlite3.connect(self._path, timeout=2)) as file:
                row = file.execute("SELECT commit_id FROM made WHERE by = ?", (_maker(),)).fetchone()
                if row is None:
                    return None
                return row[0], {
                    entry.path: entry for entry in map(_entry, file.execute("SELECT * FROM leaves"))
                }
        except (sqlite3.Error, ValueError, TypeError) as error:
            _log.info("%s is not used: %s", self._path, error)
            return None

    def save(self, commit: str, entries: Iterable[LeafEntry], replaced: Iterable[str]) -> None:
        """Keep these instead of those at the `replaced` paths; all of them when it was made by another version."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._write(commit, [_row(entry) for entry in entries], [(path,) for path in replaced])
        except (sqlite3.Error, OSError, UnicodeEncodeError) as error:  # the last: a path that is not UTF-8
            _log.info("%s is not kept: %s", self._path, error)
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _write(self, commit: str, rows: list[tuple[object, ...]], replaced: list[tuple[str]]) -> None:
        with contextlib.closing(sqlite3.connect(self._path, timeout=2)) as file, file:
            file.execute("CREATE TABLE IF NOT EXISTS made (by TEXT PRIMARY KEY, commit_id TEXT)")
            if file.execute("SELECT 1 FROM made WHERE by = ?", (_maker(),)).fetchone() is None:
                file.execute("DROP TABLE IF EXISTS leaves")
            file.execute(
                "CREATE TABLE IF NOT EXISTS leaves (path TEXT PRIMARY KEY, name, blob, kind, documents, problem, "
                "fetched, cited) WITHOUT ROWID"
            )
            file.executemany("DELETE FROM leaves WHERE path = ?", replaced)
            file.executemany("INSERT OR REPLACE INTO leaves VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            file.execute("DELETE FROM made")
            file.execute("INSERT INTO made VALUES (?, ?)", (_maker(), commit))


def _maker() -> str:
    return f"{__version__}, format {_FORMAT}"


def _row(entry: LeafEntry) -> tuple[object, ...]:
    cited = entry.cited and json.dumps([entry.cited.patterns, entry.cited.repo, entry.cited.commit])
    documents = json.dumps(entry.document_blobs) if entry.document_blobs else None
    kind = str(entry.kind) if entry.kind else None
    return entry.path, entry.name, entry.blob, kind, documents, entry.problem, entry.fetched, cited


def _entry(row: tuple[str, str, str, str | None, str | None, str | None, int, str | None]) -> LeafEntry:
    path, name, blob, kind, documents, problem, fetched, cited = row
    source = None
    if cited:
        patterns, repo, commit = json.loads(cited)
        source = DocumentSource(tuple(patterns), repo, commit)
    blobs = tuple(json.loads(documents)) if documents else ()
    return LeafEntry(name, path, blob, Kind(kind) if kind else None, blobs, problem, bool(fetched), source)
