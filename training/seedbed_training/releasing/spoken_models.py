"""Which models a person can talk to: releases by name, their parents, the base."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from seedbed.errors import UsageError
from seedbed.generation.release_manifest import ReleaseManifest, latest_release
from seedbed_training.releasing.workspace import Workspace, base_model_folder, parent_model_folder


@dataclass(frozen=True, slots=True)
class SpokenModel:
    """A model's folder and what to call it; `manifest` is the release that it is, or of which it is the base."""

    name: str
    folder: Path
    manifest: ReleaseManifest


def chosen_model(workspace: Workspace, name: str | None) -> SpokenModel:
    """The release of this name, or the latest. Raises UsageError when there is none, or its weights are not here."""
    known = workspace.releases()
    if name is None:
        manifest = latest_release(known)
        if manifest is None:
            raise UsageError("there is no release yet", hint="seedbed release cuts one")
        return _release(workspace, manifest)
    for manifest in known:
        if manifest.name == name:
            return _release(workspace, manifest)
    close = get_close_matches(name, [manifest.name for manifest in known], 1)
    hint = f"did you mean {close[0]}?" if close else f"see {workspace.manifests}"
    raise UsageError(f"there is no release {name}", hint=hint)


def beside(workspace: Workspace, model: SpokenModel, name: str) -> SpokenModel:
    """`parent` of the model's release (its base for a first one), `base`, or another release. Raises UsageError."""
    manifest = model.manifest
    if name == "parent" and manifest.parent is not None:
        return chosen_model(workspace, manifest.parent)
    if name in ("parent", "base"):
        return SpokenModel("base", base_model_folder(manifest.base_model), manifest)
    return chosen_model(workspace, name)


def _release(workspace: Workspace, manifest: ReleaseManifest) -> SpokenModel:
    return SpokenModel(manifest.name, parent_model_folder(workspace, manifest), manifest)
