"""The leaves of the taxonomy at a commit, each with the samples that were generated for it as it is now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from seedbed.errors import StoreError
from seedbed.generation.read_recipe import open_recipe
from seedbed.generation.release_manifest import ReleaseManifest, Role
from seedbed.generation.store import StoredLeaf
from seedbed.taxonomy.changes import all_leaves, leaf_name
from seedbed.taxonomy.leaf import Leaf
from seedbed.taxonomy.read_leaf import MAXIMUM_BYTES, read_leaf
from seedbed.taxonomy.repository import TreeFile
from seedbed_training.planning.make_plan import CurrentLeaf
from seedbed_training.releasing.workspace import Workspace


def current_leaves(
    workspace: Workspace, commit: str, parent: ReleaseManifest | None
) -> tuple[Mapping[str, CurrentLeaf], tuple[str, ...]]:
    """The leaves at `commit` that have samples, and the names of those that wait for some.

    Samples count for a leaf when they were made from the same qna.yaml and the same documents. Where the store has
    several such makings, the one that the settings ask for now is taken, else the one that `parent` was trained on.
    Raises StoreError when the store has lost the samples of a leaf that `parent` was trained on and that is unchanged:
    without them the leaf cannot be replayed.
    """
    stored = _by_leaf(workspace)
    recipe_digest = open_recipe(workspace.settings.generation.recipe).digest
    leaves: dict[str, CurrentLeaf] = {}
    waiting: list[str] = []
    for file in all_leaves(
        workspace.repository, revision=commit, taxonomy_root=workspace.settings.taxonomy.root
    ):
        name = leaf_name(file.path, workspace.settings.taxonomy.root)
        candidates = [found for found in stored.get(name, ()) if found.making.leaf_blob == file.blob]
        known = _keys_of(parent, name, file.blob)
        if not candidates:
            if known:
                raise StoreError(
                    f"the store has no samples of {name}, which {parent.name if parent else ''} was trained on",
                    hint=f"restore the store it was made with, or generate them again: seedbed generate --leaf {name}",
                )
            waiting.append(name)
            continue
        if candidates[0].making.document_blobs:
            documents = _document_blobs(workspace, commit, file, name)
            candidates = [found for found in candidates if found.making.document_blobs == documents]
        if candidates:
            best = max(candidates, key=lambda found: _preference(workspace, found, recipe_digest, known))
            leaves[name] = CurrentLeaf(name, file.blob, (best.key,))
        else:
            waiting.append(name)
    return leaves, tuple(sorted(waiting))


def _by_leaf(workspace: Workspace) -> Mapping[str, Sequence[StoredLeaf]]:
    store = workspace.open_store()
    found: dict[str, list[StoredLeaf]] = {}
    for described in map(store.describe, store.keys()):
        if described.samples:
            found.setdefault(described.making.leaf, []).append(described)
    return found


def _keys_of(parent: ReleaseManifest | None, name: str, blob: str) -> tuple[str, ...]:
    record = parent.leaf(name) if parent else None
    return record.sample_keys if record and record.role is not Role.DROPPED and record.blob == blob else ()


def _document_blobs(workspace: Workspace, commit: str, file: TreeFile, name: str) -> tuple[str, ...]:
    """As the store writes them: sorted."""
    from seedbed.documents.read_documents import read_documents

    raw = workspace.repository.read(file, commit=commit, limit=MAXIMUM_BYTES)
    leaf: Leaf | None = read_leaf(raw, path=file.path, name=name, blob=file.blob).leaf
    if leaf is None or leaf.document is None:
        return ()
    folder = str(PurePosixPath(file.path).parent)
    documents = read_documents(workspace.repository, commit=commit, leaf_path=folder, source=leaf.document)
    return tuple(sorted(document.blob for document in documents))


def _preference(
    workspace: Workspace, found: StoredLeaf, recipe_digest: str, known: Sequence[str]
) -> tuple[bool, bool, bool, bool, str]:
    """The more of the settings' recipe, teacher and seed, the better; then what the parent had; then by key."""
    return (
        found.making.recipe_digest == recipe_digest,
        found.making.teacher.model == workspace.settings.teacher.model,
        found.making.seed == workspace.settings.generation.seed,
        found.key in known,
        found.key,
    )
