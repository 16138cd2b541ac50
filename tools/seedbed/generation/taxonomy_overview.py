"""The taxonomy at a glance: every leaf with its seeds, and where it stands against the latest release. Reads no store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from seedbed.errors import RepositoryError
from seedbed.generation.leaf_sources import LeafSource, read_sources
from seedbed.generation.release_manifest import LeafRecord, ReleaseManifest, Role, latest_release
from seedbed.generation.revocation import Revocation
from seedbed.generation.status import LeafState
from seedbed.taxonomy.leaf import Kind
from seedbed.taxonomy.repository import Repository


@dataclass(frozen=True, slots=True)
class LeafOverview:
    """One leaf. `kind` is None where it was removed or cannot be read; `problem` then says why."""

    name: str
    state: LeafState
    kind: Kind | None
    seeds: int  # seed examples
    questions: int  # of all seeds together
    problem: str | None = None


def taxonomy_overview(
    repository: Repository,
    *,
    commit: str | None,
    taxonomy_root: str,
    releases: Sequence[ReleaseManifest],
    revocations: Sequence[Revocation] = (),
) -> tuple[LeafOverview, ...]:
    """Every leaf of the commit (None: the working tree), and those that only the latest release has, by name."""
    latest = latest_release(tuple(releases))
    sources = read_sources(repository, commit=commit, taxonomy_root=taxonomy_root)
    then = _documents_then(repository, latest, taxonomy_root, sources)
    found = []
    for source in sources:
        leaf = _overview(source, latest.leaf(source.name) if latest else None, then)
        revoked = any(each.covers(source.name, source.blob) for each in revocations)
        found.append(replace(leaf, state=LeafState.REVOKED) if revoked else leaf)
    names = {source.name for source in sources}
    found += [
        LeafOverview(record.name, LeafState.REMOVED, None, 0, 0)
        for record in (latest.leaves if latest else ())
        if record.name not in names and record.role is not Role.DROPPED
    ]
    return tuple(sorted(found, key=lambda leaf: leaf.name))


def _overview(
    source: LeafSource, record: LeafRecord | None, documents_then: dict[str, list[str]]
) -> LeafOverview:
    same = record is not None and record.role is not Role.DROPPED and record.blob == source.blob
    documents = documents_then.get(source.name, sorted(source.document_blobs))
    state = LeafState.UNCHANGED if same and documents == sorted(source.document_blobs) else LeafState.FRESH
    leaf = source.leaf
    if leaf is None:
        return LeafOverview(source.name, state, None, 0, 0, source.problem)
    questions = sum(len(seed.questions_and_answers) for seed in leaf.seed_examples)
    return LeafOverview(source.name, state, leaf.kind, len(leaf.seed_examples), questions)


def _documents_then(
    repository: Repository,
    latest: ReleaseManifest | None,
    taxonomy_root: str,
    sources: Sequence[LeafSource],
) -> dict[str, list[str]]:
    """The blobs of the documents that each knowledge leaf had at the latest release; none when its commit is not here."""
    names = [source.name for source in sources if source.leaf and source.leaf.kind is Kind.KNOWLEDGE]
    if latest is None or not names:
        return {}
    try:
        commit = repository.resolve(latest.taxonomy_commit)
    except RepositoryError:  # not in this clone: the leaf's own bytes decide
        return {}
    then = read_sources(repository, commit=commit, taxonomy_root=taxonomy_root, names=names)
    return {source.name: sorted(source.document_blobs) for source in then}
