"""Revoking a leaf: the committed file that every plan honours, and which releases learned the leaf before."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from seedbed.errors import UsageError
from seedbed.generation.project import Project
from seedbed.generation.release_manifest import ReleaseManifest, Role
from seedbed.generation.revocation import FOLDER, Revocation, read_revocations
from seedbed.generation.status import taxonomy_status
from seedbed.taxonomy.leaf_files import FILE_NAME
from seedbed_training.planning.whole_file import write_whole
from seedbed_training.releasing.workspace import Workspace

_LEARNED = (Role.FRESH, Role.REPLAYED)


@dataclass(frozen=True, slots=True)
class Trace:
    """What one release has of a leaf: `how` it learned it, in words, and from how many samples."""

    release: str
    how: str
    samples: int
    learned: bool
    """False for a release that was only trained on from one that learned it."""


def revoke(workspace: Workspace, leaf: str, *, reason: str) -> tuple[Revocation, tuple[Trace, ...]]:
    """Write the revocation of `leaf`, for a person to commit, and say which releases have learned it.

    It holds every text of the leaf that a release learned, or that the history which is here leads through.

    Revoking again keeps the file up to date with releases made since. Raises UsageError when neither the taxonomy nor
    any release knows the leaf, StoreError when the file cannot be written.
    """
    releases = workspace.releases()
    texts = _taxonomy_blobs(workspace)
    blobs = {record.blob for release in releases for record in release.leaves if record.name == leaf}
    blobs |= _texts_in_history(workspace, leaf)
    if not blobs:
        names = sorted({*texts, *(record.name for release in releases for record in release.leaves)})
        close = difflib.get_close_matches(leaf, names, n=1)
        raise UsageError(
            f"neither the taxonomy nor any release knows a leaf {leaf!r}",
            hint=f"did you mean {close[0]}?" if close else "seedbed status lists the leaves",
        )
    traces = trace_leaf(releases, leaf, blobs)
    learned = tuple(trace.release for trace in traces if trace.learned)
    revocation = Revocation(leaf, tuple(sorted(blobs)), reason, learned)
    write_whole(workspace.manifests / FOLDER / revocation.file_name, revocation.to_json())
    return revocation, traces


def trace_leaf(releases: Sequence[ReleaseManifest], leaf: str, blobs: set[str]) -> tuple[Trace, ...]:
    """Every release that learned the leaf, by its name or by one of its texts, or descends from one that did."""
    traces: list[Trace] = []
    tainted: set[str | None] = set()
    for release in releases:  # each after its parent
        records = [record for record in release.leaves if record.name == leaf or record.blob in blobs]
        taught = [record for record in records if record.role in _LEARNED]
        if taught:
            how = "taught it" if any(record.role is Role.FRESH for record in taught) else "replayed it"
            names = ", ".join(record.name for record in taught if record.name != leaf)
            samples = sum(record.training_samples for record in taught)
            traces.append(Trace(release.name, how + (f" as {names}" if names else ""), samples, True))
        elif release.parent in tainted:
            traces.append(Trace(release.name, f"was trained from {release.parent}", 0, False))
        else:
            continue
        tainted.add(release.name)
    return tuple(traces)


def check_not_revoked(workspace: Workspace, leaves: dict[str, str], *, release: str) -> None:
    """Refuse a plan that was made before a revocation. `leaves` are its names and blobs. Raises UsageError."""
    revocations = read_revocations(workspace.manifests)
    found = [(name, each) for name, blob in leaves.items() for each in revocations if each.covers(name, blob)]
    if found:
        name, revocation = found[0]
        raise UsageError(
            f"the plan of {release} has {name}, which was revoked: {revocation.reason}",
            hint=f"make the plan again: seedbed plan --release {release}",
        )


def _texts_in_history(workspace: Workspace, leaf: str) -> set[str]:
    """The blob ids of the leaf's file in every commit that led to HEAD; of a shallow clone, in those that it has."""
    repository = workspace.repository
    path = PurePosixPath(workspace.settings.taxonomy.root, leaf, FILE_NAME).as_posix()
    found: set[str] = set()
    seen = {repository.resolve("HEAD")}
    waiting = [*seen]
    while waiting:
        commit = waiting.pop()
        found |= {file.blob for file in repository.files(commit, path) if file.path == path}
        older = {*repository.parents(commit)} - seen
        seen |= older
        waiting += older
    return found


def _taxonomy_blobs(workspace: Workspace) -> dict[str, str]:
    store = workspace.open_store()
    recipe = Project(workspace.repository, workspace.settings, store).recipe(None, None)
    statuses = taxonomy_status(
        workspace.repository,
        commit=workspace.repository.resolve("HEAD"),
        taxonomy_root=workspace.settings.taxonomy.root,
        releases=(),
        store=store,
        recipe_digest=recipe.digest,
    )
    return {status.name: status.source.blob for status in statuses if status.source is not None}
