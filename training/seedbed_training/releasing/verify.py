"""Whether a release is still what its manifest says: its weights, and the samples that it was made from."""

from __future__ import annotations

from collections.abc import Iterator

from seedbed.errors import StoreError
from seedbed.generation.release_manifest import ReleaseManifest, Role
from seedbed.generation.store import SampleStore
from seedbed.teacher.model_folder import model_revision
from seedbed_training.releasing.workspace import Workspace


def verify(workspace: Workspace, manifest: ReleaseManifest) -> tuple[str, ...]:
    """Every difference in words, none when all holds. Digests are recomputed from the files, never looked up."""
    return (*_model(workspace, manifest), *_samples(workspace.open_store(), manifest))


def _model(workspace: Workspace, manifest: ReleaseManifest) -> Iterator[str]:
    folder = workspace.release_directory(manifest.name)
    if not folder.is_dir():
        yield f"the model is not in {folder}"
    elif (found := model_revision(folder)) != manifest.model_digest:
        yield f"the model in {folder} has digest {found}, the manifest says {manifest.model_digest}"


def _samples(store: SampleStore, manifest: ReleaseManifest) -> Iterator[str]:
    for leaf in manifest.leaves:
        if leaf.role is Role.DROPPED:
            continue
        try:
            samples = [sample for key in leaf.sample_keys for sample in store.read(key)]
        except StoreError as error:
            yield f"the samples of {leaf.name} cannot be read: {error}"
            continue
        held_out = len({sample.id for sample in samples if sample.held_out})
        if held_out != leaf.held_out_samples:
            yield f"{leaf.name} has {held_out} held-out samples, the manifest says {leaf.held_out_samples}"
        strange = {sample.provenance.leaf_blob for sample in samples} - {leaf.blob}
        if strange:
            yield f"{leaf.name} holds samples of another version of its qna.yaml ({', '.join(sorted(strange))})"
