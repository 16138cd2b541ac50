"""The leaves of the taxonomy at a commit, each with the samples to train it from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seedbed.errors import StoreError
from seedbed.generation.project import Project
from seedbed.generation.release_manifest import ReleaseManifest
from seedbed.generation.revocation import Revocation
from seedbed.generation.status import LeafState, taxonomy_status
from seedbed_training.planning.leaf_roles import CurrentLeaf
from seedbed_training.releasing.workspace import Workspace


def current_leaves(
    workspace: Workspace,
    commit: str,
    parent: ReleaseManifest | None,
    revocations: Sequence[Revocation] = (),
) -> tuple[Mapping[str, CurrentLeaf], tuple[str, ...]]:
    """The leaves at `commit` that have samples, and the names of those that wait for some.

    Which samples count for a leaf, and whether it changed since `parent`, is what `seedbed status` says. Raises
    StoreError when the store has lost the samples of a leaf that is unchanged since `parent`: without them it cannot
    be replayed. Revoked leaves are there by name, without samples.
    """
    store = workspace.open_store()
    recipe = Project(workspace.repository, workspace.settings, store).recipe(None, None)
    statuses = taxonomy_status(
        workspace.repository,
        commit=commit,
        taxonomy_root=workspace.settings.taxonomy.root,
        releases=(parent,) if parent else (),
        store=store,
        recipe_digest=recipe.digest,
        revocations=revocations,
    )
    leaves: dict[str, CurrentLeaf] = {}
    waiting: list[str] = []
    for status in statuses:
        if status.source is None:
            continue
        if status.state is LeafState.REVOKED:
            leaves[status.name] = CurrentLeaf(status.name, status.source.blob, ())
            continue
        keys = status.sample_keys(store)
        if any(store.describe(key).samples for key in keys):
            leaves[status.name] = CurrentLeaf(status.name, status.source.blob, keys)
        elif status.state is LeafState.UNCHANGED and parent is not None:
            raise StoreError(
                f"the store has no samples of {status.name}, which {parent.name} was trained on",
                hint=f"restore that release's store, or make them again: seedbed generate --leaf {status.name}",
            )
        else:
            waiting.append(status.name)
    return leaves, tuple(sorted(waiting))
