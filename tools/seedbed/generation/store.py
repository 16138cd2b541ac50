"""The sample store: content-addressed Parquet, on this machine or wherever fsspec reaches.

A key is a digest of everything that determines a leaf's samples, so a file is never changed, only added.
`samples/<key>.parquet` holds the samples; `samples/<key>.json`, written after it, what made them, their funnel and the
digest of the Parquet file. A key without its `.json` is not there.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seedbed.errors import StoreError
from seedbed.generation.catalogue import FILE_NAME, CatalogueEntry, catalogued, remember
from seedbed.generation.funnel import Funnel, total
from seedbed.generation.progress import Watch
from seedbed.generation.sample import Sample, Stage
from seedbed.generation.sample_index import FILE_NAME as INDEX_NAME
from seedbed.generation.sample_index import SampleIndex
from seedbed.generation.sample_table import ids_from_parquet, samples_from_parquet, samples_to_parquet
from seedbed.generation.shard import WHOLE, Shard
from seedbed.generation.store_files import StoreFiles, open_store_files
from seedbed.taxonomy.leaf import Leaf
from seedbed.teacher.teacher import TeacherIdentity

_log = logging.getLogger(__name__)

NOTED_AT_ONCE = 2_000
"""Leaves written between two notes in the catalogue and the index of ids."""

KEY_VERSION = 2
"""Raised whenever the meaning of a key's parts, or of what is generated from them, changes."""


@dataclass(frozen=True, slots=True)
class Making:
    """Everything that determines the samples of a leaf."""

    leaf: str
    leaf_blob: str
    document_blobs: tuple[str, ...]
    recipe: str  # name, for people; its digest is what counts
    recipe_digest: str
    teacher: TeacherIdentity
    seed: int
    pool: str = ""  # digest of the seeds of other leaves that prompts show, where the recipe draws from them

    @property
    def key(self) -> str:
        """64 hex digits; golden in the tests, since keys enter release manifests."""
        teacher = [self.teacher.backend, self.teacher.model, self.teacher.revision]
        parts = [
            KEY_VERSION,
            self.leaf,
            self.leaf_blob,
            [*self.document_blobs],
            self.recipe_digest,
            teacher,
            self.seed,
            *([self.pool] if self.pool else []),
        ]
        return hashlib.sha256(
            json.dumps(parts, ensure_ascii=True, separators=(",", ":")).encode()
        ).hexdigest()

    @classmethod
    def of(
        cls,
        leaf: Leaf,
        document_blobs: Sequence[str],
        *,
        recipe: str,
        digest: str,
        teacher: TeacherIdentity,
        seed: int,
        pool: str = "",
    ) -> Making:
        """The making of a leaf; the order of its documents does not count."""
        return cls(leaf.name, leaf.blob, tuple(sorted(document_blobs)), recipe, digest, teacher, seed, pool)


@dataclass(frozen=True, slots=True)
class StoredLeaf:
    """What the store knows of a key without reading its samples."""

    key: str
    making: Making
    samples: int
    held_out: int
    funnels: Mapping[Stage, Funnel]
    sha256: str

    def to_json(self) -> str:
        teacher = self.making.teacher
        fields = {
            "version": 1,
            "key": self.key,
            "leaf": self.making.leaf,
            "leaf_blob": self.making.leaf_blob,
            "document_blobs": list(self.making.document_blobs),
            "recipe": self.making.recipe,
            "recipe_digest": self.making.recipe_digest,
            "teacher": {"backend": teacher.backend, "model": teacher.model, "revision": teacher.revision},
            "seed": self.making.seed,
            "samples": self.samples,
            "held_out": self.held_out,
            "funnels": {str(stage): funnel.to_json() for stage, funnel in self.funnels.items()},
            "sha256": self.sha256,
            **({"pool": self.making.pool} if self.making.pool else {}),
        }
        return json.dumps(fields, indent=2, sort_keys=True, ensure_ascii=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> StoredLeaf:
        """Raises KeyError, TypeError or ValueError when the text is not what `to_json` writes."""
        fields: dict[str, Any] = json.loads(text)
        if fields["version"] != 1:
            raise ValueError(f"version {fields['version']}")
        return cls(
            fields["key"],
            Making(
                fields["leaf"],
                fields["leaf_blob"],
                tuple(fields["document_blobs"]),
                fields["recipe"],
                fields["recipe_digest"],
                TeacherIdentity(**fields["teacher"]),
                fields["seed"],
                fields.get("pool", ""),
            ),
            fields["samples"],
            fields["held_out"],
            {Stage(stage): Funnel.from_json(funnel) for stage, funnel in fields["funnels"].items()},
            fields["sha256"],
        )


class SampleStore:
    """Samples by key. Reading needs no lock; one process at a time writes a store of this machine."""

    def __init__(self, files: StoreFiles, memory: Path | None = None) -> None:
        """`memory` is a file in which the catalogue is remembered; a local store has its own."""
        self._files = files
        self._memory = files.local / FILE_NAME if files.local is not None else memory
        self._unnoted: list[tuple[StoredLeaf, tuple[str, ...]]] = []  # what was written, with the ids in it
        self._noting = threading.Lock()

    @classmethod
    def open(cls, url: str | Path, *, cache: Path | None = None) -> SampleStore:
        """The store at a path or an fsspec URL such as `s3://bucket/prefix`; it need not exist yet. In the folder
        `cache` it is remembered what a store elsewhere holds.

        Raises StoreError when the URL's protocol is not known, MissingExtraError when fsspec is not installed.
        """
        name = f"store-{hashlib.sha256(str(url).encode()).hexdigest()[:12]}.sqlite"
        return cls(open_store_files(str(url)), None if cache is None else cache / name)

    @property
    def url(self) -> str:
        return self._files.url

    @property
    def local(self) -> Path | None:
        """The store's folder, if it lies on this machine."""
        return self._files.local

    @contextmanager
    def writing(self, shard: Shard = WHOLE) -> Iterator[None]:
        """Hold the store, or one part of it, for writing; different parts can be held by several processes at a time.

        Raises StoreError when another process holds it, or when it cannot be written.
        """
        with self._files.locked(shard):
            try:
                yield
            finally:
                self._note()

    def has(self, key: str) -> bool:
        """Whether the samples of a key are there, whole."""
        return self._files.exists(_record(key))

    def keys(self) -> tuple[str, ...]:
        """Every key that is there with its record and its table, sorted."""
        return tuple(sorted(self._whole()))

    def _whole(self) -> set[str]:
        names = self._files.names("samples")
        tables = {name[:-8] for name in names if name.endswith(".parquet")}
        return tables & {name[:-5] for name in names if name.endswith(".json")}

    def catalogue(self) -> tuple[CatalogueEntry, ...]:
        """What is there, sorted by key; a record that is damaged is told in the log and left out."""
        return catalogued(self._whole(), lambda key: _entry(self.describe(key)), self._memory_file())

    def _memory_file(self) -> Path | None:
        """Where the catalogue is remembered, if it can be."""
        memory = self._memory
        if memory is not None and self._files.local is None:
            memory.parent.mkdir(parents=True, exist_ok=True)
        elif memory is not None and not memory.parent.is_dir():
            memory = None  # looking at a store does not make one
        return memory

    def _index(self) -> SampleIndex | None:
        memory = self._memory_file()
        return None if memory is None else SampleIndex(memory.with_name(f"{memory.stem}.{INDEX_NAME}"))

    def _note(self) -> None:
        """Remember what was written: it need not be read for that."""
        with self._noting:
            written, self._unnoted = self._unnoted, []
            memory, index = self._memory_file(), self._index()
            if not written or memory is None or index is None:
                return
            remember(memory, [_entry(stored) for stored, _ in written])
            index.note([(stored.key, ids) for stored, ids in written])

    def write(self, making: Making, samples: Sequence[Sample], funnels: Mapping[Stage, Funnel]) -> StoredLeaf:
        """Store a leaf's samples; equal samples give equal bytes. What is there already, whole, is left as it is: of
        two processes that write one key the first one counts. Raises StoreError."""
        content = samples_to_parquet(samples)
        held_out = sum(sample.held_out for sample in samples)
        digest = hashlib.sha256(content).hexdigest()
        stored = StoredLeaf(making.key, making, len(samples), held_out, funnels, digest)
        with self._files.committing(making.key):
            earlier = self.whole(making.key)
            if earlier is not None:
                return earlier
            self._files.write(_table(making.key), content)
            self._files.write(_record(making.key), stored.to_json().encode())
        self._unnoted.append((stored, tuple(sample.id for sample in samples)))
        if len(self._unnoted) >= NOTED_AT_ONCE:
            self._note()
        return stored

    def whole(self, key: str) -> StoredLeaf | None:
        """What is known of a key whose samples are as they were written; None when they are not there, or damaged."""
        if not self.has(key):
            return None
        try:
            return self._described(key)[0]
        except StoreError as error:
            _log.warning("%s: its samples are made again", error)
            return None

    def describe(self, key: str) -> StoredLeaf:
        """What is known of a key. Raises StoreError when it is not there or cannot be read."""
        raw = self._files.read(_record(key))
        if raw is None:
            raise StoreError(f"{self.url} holds no samples under {key[:12]}…", hint="seedbed generate")
        try:
            return StoredLeaf.from_json(raw.decode())
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StoreError(
                f"{self.url}/{_record(key)} is not a record of samples: {error}",
                hint="run `seedbed generate`: answers that were paid for are in the journal",
            ) from error

    def read(self, key: str) -> tuple[Sample, ...]:
        """The samples of a key. Raises StoreError when their digest is not the one recorded."""
        return samples_from_parquet(self._described(key)[1])

    def keys_with(self, prefix: str, watch: Watch = lambda doing, done, of: None) -> tuple[str, ...]:
        """The keys that may hold a sample whose id begins with `prefix` (hex digits, lower case), sorted. Whoever wrote
        a table noted its ids beside the catalogue; those of others are read, and `watch` hears how far that is."""
        index = self._index()
        return self.keys() if index is None else index.keys_of(prefix, self.keys(), self._ids, watch)

    def _ids(self, key: str) -> tuple[str, ...]:
        return ids_from_parquet(self._described(key)[1])

    def _described(self, key: str) -> tuple[StoredLeaf, bytes]:
        stored = self.describe(key)
        content = self._files.read(_table(key))
        if content is None or hashlib.sha256(content).hexdigest() != stored.sha256:
            state = "is missing" if content is None else "was changed after it was written"
            raise StoreError(
                f"{self.url}/{_table(key)} {state}",
                hint=f"seedbed generate --leaf {stored.making.leaf}: answers that were paid for are in the journal",
            )
        return stored, content

    def find(self, leaf: str, leaf_blob: str, document_blobs: Sequence[str]) -> tuple[CatalogueEntry, ...]:
        """Everything stored for a leaf as it is now, whatever recipe, teacher and seed made it; by key."""
        wanted = (leaf, leaf_blob, tuple(sorted(document_blobs)))
        return tuple(
            entry
            for entry in self.catalogue()
            if (entry.leaf, entry.leaf_blob, entry.document_blobs) == wanted
        )


def _table(key: str) -> str:
    return f"samples/{key}.parquet"


def _record(key: str) -> str:
    return f"samples/{key}.json"


def _entry(stored: StoredLeaf) -> CatalogueEntry:
    making = stored.making
    funnel = json.dumps(total(stored.funnels.values()).to_json(), separators=(",", ":"))
    return CatalogueEntry(
        stored.key,
        making.leaf,
        making.leaf_blob,
        making.document_blobs,
        making.recipe_digest,
        making.seed,
        stored.samples,
        stored.held_out,
        funnel,
    )
