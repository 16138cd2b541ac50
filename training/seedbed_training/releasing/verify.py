"""Whether a release is still what its manifest says: files, samples, lineage; and the manifest what git has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from seedbed.errors import RepositoryError, StoreError
from seedbed.generation.release_manifest import LeafRecord, ReleaseManifest, Role
from seedbed.generation.revocation import read_revocations
from seedbed.generation.store import SampleStore
from seedbed.taxonomy.attribution import read_attribution
from seedbed.taxonomy.changes import all_leaves, leaf_name
from seedbed.teacher.model_folder import MODEL_FILES, model_revision
from seedbed_training.releasing.attribution_file import licence_expression, read_attributions
from seedbed_training.releasing.manifest_in_git import is_committed, manifest_differences, manifest_path
from seedbed_training.releasing.release_folder import folder_differences, made_later
from seedbed_training.releasing.run_manifest import leaf_commits
from seedbed_training.releasing.samples_digest import samples_digest
from seedbed_training.releasing.workspace import Workspace


def verify(workspace: Workspace, manifest: ReleaseManifest) -> tuple[str, ...]:
    """Every difference in words, none when all holds.

    Nothing that a run left behind is believed: digests are recomputed from the files of the release, samples are read
    from the store, leaves, authors and licences from git at the manifest's commit.
    """
    return (
        *manifest_differences(workspace, manifest),
        *_folder(workspace, manifest),
        *_samples(workspace.open_store(), manifest),
        *_lineage(workspace, manifest),
    )


def notices(workspace: Workspace, manifest: ReleaseManifest) -> Iterator[str]:
    """What is no difference, but what somebody who relies on the release should know."""
    if not is_committed(workspace, manifest):
        yield (
            f"{manifest_path(workspace, manifest)} is not committed, so nobody can tell whether it is as it was "
            "written: commit it"
        )
    for name in made_later(workspace.release_directory(manifest.name), manifest.files):
        yield f"{name} was made after {manifest.name} was cut: nothing says here what is in it"
    yield from revoked_leaves(workspace, manifest)


def revoked_leaves(workspace: Workspace, manifest: ReleaseManifest) -> Iterator[str]:
    """The leaves that a release learned and that were revoked since: it still knows them."""
    revocations = read_revocations(workspace.manifests)
    for leaf in _taught(manifest):
        for each in revocations:
            if each.covers(leaf.name, leaf.blob):
                yield f"{manifest.name} learned {leaf.name}, which was revoked: {each.reason}"
                break


def _folder(workspace: Workspace, manifest: ReleaseManifest) -> Iterator[str]:
    folder = workspace.release_directory(manifest.name)
    if not folder.is_dir():
        yield f"the model is not in {folder}"
        return
    different = dict(folder_differences(folder, manifest.files))
    yield from (f"{folder / name} {what}" for name, what in different.items())
    explained = any(PurePosixPath(name).match(pattern) for name in different for pattern in MODEL_FILES)
    if not explained and (found := model_revision(folder)) != manifest.model_digest:
        yield f"the model in {folder} has digest {found}, the manifest says {manifest.model_digest}"


def _samples(store: SampleStore, manifest: ReleaseManifest) -> Iterator[str]:
    for leaf in _taught(manifest):
        try:
            samples = [sample for key in leaf.sample_keys for sample in store.read(key)]
        except StoreError as error:
            yield f"the samples of {leaf.name} cannot be read: {error}"
            continue
        held_out = len({sample.id for sample in samples if sample.held_out})
        if held_out != leaf.held_out_samples:
            yield f"{leaf.name} has {held_out} held-out samples, the manifest says {leaf.held_out_samples}"
        others = len({sample.id for sample in samples}) - held_out
        if others < leaf.training_samples:
            yield f"{leaf.name} has {others} samples to train on, the manifest says {leaf.training_samples}"
        if leaf.samples_digest is not None and samples_digest(samples) != leaf.samples_digest:
            yield f"{leaf.name} has other samples in the store than the release learned and was asked"
        strange = {sample.provenance.leaf_blob for sample in samples} - {leaf.blob}
        if strange:
            yield f"{leaf.name} holds samples of another version of its qna.yaml ({', '.join(sorted(strange))})"


def _lineage(workspace: Workspace, manifest: ReleaseManifest) -> Iterator[str]:
    """What git says of the leaves at the manifest's commit, against what the manifest says of them."""
    commit, root = manifest.taxonomy_commit, workspace.settings.taxonomy.root
    try:
        files = all_leaves(workspace.repository, revision=commit, taxonomy_root=root)
        blobs = {leaf_name(file.path, root): file.blob for file in files}
        names = tuple(leaf.name for leaf in _taught(manifest))
        commits = leaf_commits(workspace, commit, names)
        attributions = read_attributions(workspace, commit, names)
    except RepositoryError as error:
        yield f"the taxonomy at {commit} cannot be read: {error}"
        return
    for leaf in _taught(manifest):
        if leaf.name not in blobs:
            yield f"{leaf.name} is not in the taxonomy at {commit[:12]}"
        elif blobs[leaf.name] != leaf.blob:
            yield f"{leaf.name} is blob {blobs[leaf.name]} at {commit[:12]}, the manifest says {leaf.blob}"
        else:
            yield from _origin(leaf, commits, attributions)


def _origin(leaf: LeafRecord, commits: Mapping[str, str], attributions: Mapping[str, str]) -> Iterator[str]:
    found = commits.get(leaf.name)  # None in a shallow clone: nothing to compare with
    if leaf.commit is not None and found is not None and found != leaf.commit:
        yield f"{leaf.name} was last changed by {found}, the manifest says {leaf.commit}"
    text = attributions.get(leaf.name)
    authors = read_attribution(text).authors if text is not None else ()
    licence = licence_expression(text) if text is not None else None
    if authors != leaf.authors:
        yield f"{leaf.name} has the authors {_listed(authors)}, the manifest says {_listed(leaf.authors)}"
    if licence != leaf.licence:
        yield f"{leaf.name} has the licence {licence or 'none'}, the manifest says {leaf.licence or 'none'}"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "nobody"


def _taught(manifest: ReleaseManifest) -> Iterator[LeafRecord]:
    return (leaf for leaf in manifest.leaves if leaf.role is not Role.DROPPED)
