"""What each leaf is about, in the words of whoever wrote it, for people who read about a release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from seedbed.generation.release_manifest import ReleaseManifest, Role
from seedbed.taxonomy.changes import all_leaves, leaf_name
from seedbed.taxonomy.read_leaf import MAXIMUM_BYTES, read_leaf
from seedbed_training.releasing.workspace import Workspace


@dataclass(frozen=True, slots=True)
class LeafDescription:
    """`what` is the task's description, or a knowledge leaf's domain and outline; `contributor` is who wrote the leaf."""

    what: str
    contributor: str


def read_descriptions(workspace: Workspace, manifest: ReleaseManifest) -> Mapping[str, LeafDescription]:
    """The leaves that the release teaches, as they are at its commit; what cannot be read is absent."""
    commit, root = manifest.taxonomy_commit, workspace.settings.taxonomy.root
    wanted = {leaf.name for leaf in manifest.leaves if leaf.role is not Role.DROPPED}
    found: dict[str, LeafDescription] = {}
    for file in all_leaves(workspace.repository, revision=commit, taxonomy_root=root):
        name = leaf_name(file.path, root)
        if name in wanted:
            raw = workspace.repository.read(file, commit=commit, limit=MAXIMUM_BYTES)
            data = read_leaf(raw, path=file.path, name=name, blob=file.blob).data or {}
            found[name] = _described(data)
    return found


def _described(data: Mapping[str, object]) -> LeafDescription:
    def text(key: str) -> str:
        value = data.get(key)
        return " ".join(value.split()) if isinstance(value, str) else ""

    outline = ": ".join(part for part in (text("domain"), text("document_outline")) if part)
    return LeafDescription(outline or text("task_description"), text("created_by"))
