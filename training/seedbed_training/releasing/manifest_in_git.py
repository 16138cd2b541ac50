"""A release's manifest against git: that it is what was committed, and that nobody touched it since."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from seedbed.errors import RepositoryError
from seedbed.generation.release_manifest import ReleaseManifest
from seedbed.taxonomy.history import last_changes
from seedbed.taxonomy.repository import Repository
from seedbed_training.releasing.workspace import Workspace

_MANIFEST_LIMIT = 1 << 28  # bytes; 100,000 leaves have 50 MB


def manifest_differences(workspace: Workspace, manifest: ReleaseManifest) -> Iterator[str]:
    """Whether the manifest is the one that was committed, once and for all; its parent and its taxonomy are there."""
    path = manifest_path(workspace, manifest)
    try:
        head = workspace.repository.resolve("HEAD")
        committed = workspace.repository.read_path(head, path, _MANIFEST_LIMIT)
        if committed is not None:
            text = committed.decode("utf-8", "replace")
            if ReleaseManifest.from_json(text, source=f"{path} of HEAD") != manifest:
                yield f"{path} is not as it was committed"
            yield from _rewritten(workspace.repository, head, path)
        if not _holds(workspace.repository, head, manifest.taxonomy_commit):
            yield (
                f"its taxonomy, commit {manifest.taxonomy_commit}, is no part of HEAD's history: "
                "a clone will not have it"
            )
    except RepositoryError as error:
        yield f"{path} cannot be read from git: {error}"
    if manifest.parent is not None and workspace.parent_of(manifest.name) is None:
        yield f"its parent {manifest.parent} is not in {workspace.manifests}"


def _rewritten(repository: Repository, head: str, path: str) -> Iterator[str]:
    """A release never changes, so the commit that brought its manifest is the only one that touched it."""
    last = last_changes(repository, head, [path], under=str(PurePosixPath(path).parent))[path]
    before = [
        repository.read_path(parent, path, _MANIFEST_LIMIT) for parent in repository.parents(last.commit)
    ]
    if any(content is not None for content in before):
        yield f"{path} was changed by commit {last.commit}, after the release was committed"


def _holds(repository: Repository, head: str, commit: str) -> bool:
    """Whether `commit` is in the history of `head`; True where a shallow clone does not tell, or `commit` is unknown."""
    if repository.is_shallow:
        return True
    try:
        return repository.merge_base(head, commit) == repository.resolve(commit)
    except RepositoryError:
        return True  # told with the lineage, which cannot be read then


def is_committed(workspace: Workspace, manifest: ReleaseManifest) -> bool:
    """Whether HEAD has a manifest of this name."""
    try:
        head = workspace.repository.resolve("HEAD")
        return (
            workspace.repository.read_path(head, manifest_path(workspace, manifest), _MANIFEST_LIMIT)
            is not None
        )
    except RepositoryError:
        return False


def manifest_path(workspace: Workspace, manifest: ReleaseManifest) -> str:
    """Where git keeps it."""
    return f"{PurePosixPath(workspace.settings.releases.path)}/{manifest.name}.json"
