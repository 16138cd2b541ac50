"""Facts about leaves from the repository, its history, its releases and the sample store; one leaf at a time."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from seedbed.errors import RepositoryError, StoreError
from seedbed.generation.funnel import Funnel
from seedbed.generation.leaf_entries import LeafEntry
from seedbed.generation.leaf_sources import LeafSource, read_source
from seedbed.generation.project import Project
from seedbed.generation.release_manifest import ReleaseManifest
from seedbed.generation.sample import Sample, Stage
from seedbed.generation.status import LeafState, LeafStatus, taxonomy_status
from seedbed.site.leaf_facts import (
    LeafFacts,
    Learning,
    StoredSamples,
    learning_by_leaf,
    standing_of,
)
from seedbed.taxonomy.attribution import FILE_NAME, Attribution, read_attribution
from seedbed.taxonomy.history import Contributor, LastChange, contributors, last_changes
from seedbed.taxonomy.leaf_files import parent, plain_root
from seedbed.taxonomy.repository import REGULAR, Authored, TreeFile

_log = logging.getLogger(__name__)

_ATTRIBUTION_LIMIT = 64 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """A taxonomy at one commit, as far as it is known without reading its leaves."""

    commit: str
    authored: Authored
    releases: tuple[ReleaseManifest, ...]
    statuses: tuple[LeafStatus, ...]  # of leaves that are there
    removed: tuple[str, ...]  # leaves that only the latest release knows
    last_changes: Mapping[
        str, LastChange
    ]  # by path of the leaf's file; without those a shallow clone does not show
    contributors: Mapping[str, tuple[Contributor, ...]]
    learned: Mapping[str, tuple[Learning, ...]]  # by leaf


def survey(project: Project, revision: str) -> Taxonomy:
    """What is known at `revision` before any leaf is read. The network is not touched."""
    repository, root = project.repository, project.settings.taxonomy.root
    commit = repository.resolve(revision)
    releases = project.releases
    statuses = taxonomy_status(
        repository,
        commit=commit,
        taxonomy_root=root,
        releases=releases,
        revocations=project.revocations,
        store=project.store,
        recipe_digest=project.recipe(None, None).digest,
    )
    present = _one_each(status for status in statuses if status.source is not None)
    paths = [status.source.path for status in present if status.source]
    under = plain_root(root)
    return Taxonomy(
        commit,
        repository.authored(commit),
        releases,
        present,
        tuple(status.name for status in statuses if status.state is LeafState.REMOVED),
        _certain(last_changes(repository, commit, paths, under=under)),
        contributors(repository, commit, under=under),
        learning_by_leaf(releases),
    )


def _certain(changes: Mapping[str, LastChange]) -> Mapping[str, LastChange]:
    return {path: change for path, change in changes.items() if change.certain}


def _one_each(statuses: Iterable[LeafStatus]) -> tuple[LeafStatus, ...]:
    """The first file of each leaf: a folder may hold `qna.yaml` and `QNA.YML`, of which the check tells."""
    found: dict[str, LeafStatus] = {}
    for status in statuses:
        if found.setdefault(status.name, status) is not status:
            _log.warning("%s has several files; the site shows one of them", status.name)
    return tuple(found.values())


def gathered(project: Project, taxonomy: Taxonomy, *, samples: int) -> Iterator[LeafFacts]:
    """The facts of each leaf, by name; `samples` of each stage are to be shown at most."""
    for status in taxonomy.statuses:
        assert status.source is not None
        yield _facts(project, taxonomy, status, status.source, samples)


def _facts(
    project: Project, taxonomy: Taxonomy, status: LeafStatus, entry: LeafEntry, samples: int
) -> LeafFacts:
    source = _source(project, taxonomy.commit, entry)
    stored = _stored(project, status, samples)
    readable = source.leaf is not None
    return LeafFacts(
        name=status.name,
        path=entry.path,
        blob=entry.blob,
        standing=standing_of(
            status.state, readable=readable, samples=bool(stored.train or stored.held_out or stored.problem)
        ),
        why=status.why,
        leaf=source.leaf,
        problem=source.problem,
        documents=source.documents,
        fetched=source.fetched,
        attribution=_attribution(project, taxonomy.commit, entry.path),
        contributors=taxonomy.contributors.get(entry.path, ()),
        last_change=taxonomy.last_changes.get(entry.path),
        stored=stored,
        learned=taxonomy.learned.get(status.name, ()),
    )


def _source(project: Project, commit: str, entry: LeafEntry) -> LeafSource:
    if entry.problem is not None:
        return LeafSource(entry.name, entry.path, entry.blob, None, (), entry.problem)
    return read_source(
        project.repository,
        TreeFile(entry.path, REGULAR, entry.blob, 0),
        commit=commit,
        taxonomy_root=project.settings.taxonomy.root,
        fetch=False,
    )


def _attribution(project: Project, commit: str, path: str) -> Attribution | None:
    beside = f"{parent(path)}/{FILE_NAME}".lstrip("/")
    try:
        raw = project.repository.read_path(commit, beside, limit=_ATTRIBUTION_LIMIT)
    except RepositoryError as error:
        _log.warning("%s", error.message)
        return None
    return None if raw is None else read_attribution(raw.decode("utf-8", "replace"))


def _stored(project: Project, status: LeafStatus, samples: int) -> StoredSamples:
    train = held_out = 0
    funnels: dict[Stage, Funnel] = {}
    made_by: list[str] = []
    shown: list[Sample] = []
    try:
        for key in status.sample_keys(project.store):
            stored = project.store.describe(key)
            train += stored.samples - stored.held_out
            held_out += stored.held_out
            for stage, funnel in stored.funnels.items():
                funnels[stage] = funnels.get(stage, Funnel()) + funnel
            made_by.append(f"recipe {stored.making.recipe}, teacher {stored.making.teacher}")
            if samples:
                shown += _to_show(project.store.read(key), samples)
    except StoreError as error:
        return StoredSamples(train, held_out, funnels, (), tuple(made_by), error.message)
    return StoredSamples(train, held_out, funnels, tuple(shown), tuple(made_by))


def _to_show(samples: tuple[Sample, ...], count: int) -> list[Sample]:
    """Of each stage so many, from all over its samples: neighbours came from one passage. Nothing that is held out."""
    found: list[Sample] = []
    for stage in Stage:
        of_stage = [one for one in samples if one.stage is stage and not one.held_out]
        shown = min(count, len(of_stage))
        found += [of_stage[place * len(of_stage) // shown] for place in range(shown)]
    return found
