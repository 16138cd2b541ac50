"""Where each leaf stands: against the latest release, and in the sample store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from seedbed.errors import RepositoryError
from seedbed.generation.leaf_sources import LeafSource, read_sources
from seedbed.generation.release_manifest import LeafRecord, ReleaseManifest, Role, latest_release
from seedbed.generation.store import SampleStore, StoredLeaf
from seedbed.taxonomy.leaf import Kind
from seedbed.taxonomy.repository import Repository


class LeafState(StrEnum):
    """A leaf against the latest release."""

    FRESH = "fresh"  # new, or changed since
    UNCHANGED = "unchanged"
    REMOVED = "removed"  # the release knows it, the taxonomy does not


@dataclass(frozen=True, slots=True)
class LeafStatus:
    """One leaf; `source` is absent when it was removed, `record` when the latest release does not hold it."""

    name: str
    state: LeafState
    why: str
    source: LeafSource | None
    record: LeafRecord | None
    stored: tuple[
        StoredLeaf, ...
    ]  # samples of the leaf as it is now, whatever recipe, teacher and seed made them

    def sample_keys(self, store: SampleStore) -> tuple[str, ...]:
        """The store keys to train from: those of the release where they are in this store, else what was made since."""
        if self.state is not LeafState.FRESH and self.record is not None:
            held = tuple(key for key in self.record.sample_keys if store.has(key))
            if held:
                return held
        return tuple(stored.key for stored in self.stored[:1])

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
) -> tuple[LeafStatus, ...]:
    """Every leaf of the commit and every leaf that the latest release holds, by name. The network is not touched.

    Where several recipes, teachers or seeds made samples of a leaf, those of `recipe_digest` come first.
    """
    sources = read_sources(repository, commit=commit, taxonomy_root=taxonomy_root, fetch=False)
    latest = latest_release(tuple(releases))
    keys = store.keys()
    in_store = [store.describe(key) for key in keys]
    found = [
        _present(repository, source, latest, taxonomy_root, _made_of(source, in_store, recipe_digest))
        for source in sources
    ]
    names = {source.name for source in sources}
    gone = [record for record in (latest.leaves if latest else ()) if record.name not in names]
    removed = [
        LeafStatus(
            record.name, LeafState.REMOVED, f"in {latest.name}, no longer in the taxonomy", None, record, ()
        )
        for record in gone
        if latest and record.role is not Role.DROPPED
    ]
    return tuple(sorted([*found, *removed], key=lambda status: status.name))


def _made_of(
    source: LeafSource, in_store: Sequence[StoredLeaf], recipe_digest: str | None
) -> tuple[StoredLeaf, ...]:
    documents = tuple(sorted(source.document_blobs))
    made = [
        stored
        for stored in in_store
        if (stored.making.leaf, stored.making.leaf_blob) == (source.name, source.blob)
        and (not source.fetched or stored.making.document_blobs == documents)
    ]
    return tuple(sorted(made, key=lambda stored: (stored.making.recipe_digest != recipe_digest, stored.key)))


def _present(
    repository: Repository,
    source: LeafSource,
    latest: ReleaseManifest | None,
    taxonomy_root: str,
    stored: tuple[StoredLeaf, ...],
) -> LeafStatus:
    record = latest.leaf(source.name) if latest else None
    if latest is None or record is None or record.role is Role.DROPPED:
        why = f"not in {latest.name}" if latest else "there is no release yet"
        return LeafStatus(source.name, LeafState.FRESH, why, source, None, stored)
    if record.blob != source.blob:
        return LeafStatus(source.name, LeafState.FRESH, f"edited since {latest.name}", source, record, stored)
    if source.leaf is not None and source.leaf.kind is Kind.KNOWLEDGE:
        changed = _documents_changed(repository, source, latest, taxonomy_root)
        if changed is None:
            why = f"as in {latest.name}; its documents then are not in this clone"
            return LeafStatus(source.name, LeafState.UNCHANGED, why, source, record, stored)
        if changed:
            why = f"its documents changed since {latest.name}"
            return LeafStatus(source.name, LeafState.FRESH, why, source, record, stored)
    return LeafStatus(source.name, LeafState.UNCHANGED, f"as in {latest.name}", source, record, stored)


def _documents_changed(
    repository: Repository, source: LeafSource, latest: ReleaseManifest, taxonomy_root: str
) -> bool | None:
    """Whether the leaf's documents differ from the release's commit; None when that commit is not in this clone."""
    cited = source.leaf.document if source.leaf else None
    if cited is not None and cited.repo is not None:
        return False  # the leaf pins their commit, and the leaf is the same
    try:
        commit = repository.resolve(latest.taxonomy_commit)
    except RepositoryError:
        return None
    then = read_sources(repository, commit=commit, taxonomy_root=taxonomy_root, names=[source.name])
    return bool(then) and sorted(then[0].document_blobs) != sorted(source.document_blobs)
