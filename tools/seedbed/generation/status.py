"""Where each leaf stands: against the latest release, and in the sample store."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from seedbed.errors import RepositoryError
from seedbed.generation.catalogue import CatalogueEntry
from seedbed.generation.leaf_entries import LeafEntry, folders_above, leaf_entries
from seedbed.generation.leaf_sources import read_sources
from seedbed.generation.release_manifest import LeafRecord, ReleaseManifest, Role, latest_release
from seedbed.generation.revocation import Revocation
from seedbed.generation.store import SampleStore
from seedbed.taxonomy.leaf import Kind
from seedbed.taxonomy.leaf_files import plain_root
from seedbed.taxonomy.repository import Repository


class LeafState(StrEnum):
    """A leaf against the latest release."""

    FRESH = "fresh"  # new, or changed since
    UNCHANGED = "unchanged"
    REMOVED = "removed"  # the release knows it, the taxonomy does not
    REVOKED = "revoked"  # in the taxonomy still, but no release learns it again


class LeafStatus(NamedTuple):
    """One leaf; `source` is absent when it was removed, `record` when the latest release does not hold it."""

    name: str
    state: LeafState
    why: str
    source: LeafEntry | None
    record: LeafRecord | None
    stored: tuple[CatalogueEntry, ...]
    """Samples of the leaf as it is now, whatever recipe, teacher and seed made them."""

    def sample_keys(self, store: SampleStore) -> tuple[str, ...]:
        """The store keys to train from: those of the release where they are in this store, else what was made since."""
        if self.state is not LeafState.FRESH and self.record is not None:
            here = {entry.key for entry in self.stored}
            held = tuple(key for key in self.record.sample_keys if key in here or store.has(key))
            if held:
                return held
        return tuple(entry.key for entry in self.stored[:1])

    def needs_samples(self, store: SampleStore) -> bool:
        """Whether `generate` has a reason to look at it: fresh, or its samples are in no reachable store."""
        return self.state is LeafState.FRESH or (
            self.state is LeafState.UNCHANGED and not self.sample_keys(store)
        )


def taxonomy_status(
    repository: Repository,
    *,
    commit: str | None,
    taxonomy_root: str,
    releases: Sequence[ReleaseManifest],
    store: SampleStore,
    recipe_digest: str | None = None,
    revocations: Sequence[Revocation] = (),
) -> tuple[LeafStatus, ...]:
    """Every leaf of the commit and every leaf that the latest release holds, by name. The network is not touched.

    Where several recipes, teachers or seeds made samples of a leaf, those of `recipe_digest` come first.
    """
    latest = latest_release(tuple(releases))
    records = {record.name: record for record in latest.leaves} if latest else {}
    made: dict[tuple[str, str], list[CatalogueEntry]] = {}
    for stored in store.catalogue():
        made.setdefault((stored.leaf, stored.leaf_blob), []).append(stored)
    # What has samples could be read, and whether a leaf cites documents follows from its blob.
    grown = {leaf for leaf, stored in made.items() if not any(one.document_blobs for one in stored)}
    entries = leaf_entries(repository, commit=commit, taxonomy_root=taxonomy_root, grown=grown)
    documents = _DocumentsThen(repository, commit, taxonomy_root, latest)
    found = [
        _present(
            entry,
            latest,
            records.get(entry.name),
            documents,
            _made_of(entry, made.get((entry.name, entry.blob), ()), recipe_digest),
        )
        for entry in entries
    ]
    if revocations:
        found = [_revoked(status, revocations) for status in found]
    names = {entry.name for entry in entries}
    removed = [
        LeafStatus(name, LeafState.REMOVED, f"in {latest.name}, no longer in the taxonomy", None, record, ())
        for name, record in records.items()
        if latest and name not in names and record.role is not Role.DROPPED
    ]
    return tuple(sorted([*found, *removed], key=lambda status: status.name))


def _revoked(status: LeafStatus, revocations: Sequence[Revocation]) -> LeafStatus:
    """`status`, or what becomes of it where the leaf's name or text is revoked."""
    assert status.source is not None
    for each in revocations:
        if each.covers(status.name, status.source.blob):
            return status._replace(state=LeafState.REVOKED, why=f"revoked: {each.reason}")
    return status


def _made_of(
    entry: LeafEntry, made: Sequence[CatalogueEntry], recipe_digest: str | None
) -> tuple[CatalogueEntry, ...]:
    documents = tuple(sorted(entry.document_blobs))
    fitting = [stored for stored in made if not entry.fetched or stored.document_blobs == documents]
    if len(fitting) > 1:
        fitting.sort(key=lambda stored: (stored.recipe_digest != recipe_digest, stored.key))
    return tuple(fitting)


def _present(
    entry: LeafEntry,
    latest: ReleaseManifest | None,
    record: LeafRecord | None,
    documents: _DocumentsThen,
    stored: tuple[CatalogueEntry, ...],
) -> LeafStatus:
    if latest is None or record is None or record.role is Role.DROPPED:
        why = f"not in {latest.name}" if latest else "there is no release yet"
        return LeafStatus(entry.name, LeafState.FRESH, why, entry, None, stored)
    if record.blob != entry.blob:
        return LeafStatus(entry.name, LeafState.FRESH, f"edited since {latest.name}", entry, record, stored)
    if entry.kind is Kind.KNOWLEDGE:
        changed = documents.changed(entry)
        if changed is None:
            why = f"as in {latest.name}; its documents then are not in this clone"
            return LeafStatus(entry.name, LeafState.UNCHANGED, why, entry, record, stored)
        if changed:
            why = f"its documents changed since {latest.name}"
            return LeafStatus(entry.name, LeafState.FRESH, why, entry, record, stored)
    return LeafStatus(entry.name, LeafState.UNCHANGED, f"as in {latest.name}", entry, record, stored)


class _DocumentsThen:
    """The documents that stood beside the leaves at the latest release, looked at where something differs."""

    def __init__(
        self, repository: Repository, commit: str | None, taxonomy_root: str, latest: ReleaseManifest | None
    ) -> None:
        self._repository = repository
        self._commit = commit
        self._root = taxonomy_root
        self._latest = latest
        self._then: str | None = None
        self._folders: frozenset[str] | None = None  # those with anything below them that differs

    def changed(self, entry: LeafEntry) -> bool | None:
        """Whether the leaf's documents differ from the release's; None when its commit is not in this clone."""
        if entry.cited is not None and entry.cited.repo is not None:
            return False  # the leaf pins their commit, and the leaf is the same
        if self._folders is None:
            self._compare()
        if self._then is None:
            return None
        assert self._folders is not None
        if entry.path.rpartition("/")[0] not in self._folders:
            return False
        then = read_sources(self._repository, commit=self._then, taxonomy_root=self._root, names=[entry.name])
        return bool(then) and sorted(then[0].document_blobs) != sorted(entry.document_blobs)

    def _compare(self) -> None:
        assert self._latest is not None
        self._folders = frozenset()
        try:
            self._then = self._repository.resolve(self._latest.taxonomy_commit)
        except RepositoryError:
            return
        root = plain_root(self._root)
        differing = self._repository.differing(self._then, self._commit, root)
        self._folders = frozenset(
            folder for pair in differing for file in pair if file for folder in folders_above(file.path)
        )
