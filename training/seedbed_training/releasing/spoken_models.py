"""Which models a person can talk to: releases by name, their parents, the base."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from seedbed.generation.release_manifest import ReleaseManifest
from seedbed_training.releasing.first_student import speaking_base
from seedbed_training.releasing.workspace import Workspace, parent_model_folder


@dataclass(frozen=True, slots=True)
class SpokenModel:
    """A model's folder and what to call it; `manifest` is the release that it is, or of which it is the base."""

    name: str
    folder: Path
    manifest: ReleaseManifest


def chosen_model(workspace: Workspace, name: str | None) -> SpokenModel:
    """The release of this name, or the latest. Raises UsageError when there is none, or its weights are not here."""
    manifest = workspace.release(name)
    return SpokenModel(manifest.name, parent_model_folder(workspace, manifest), manifest)


def beside(workspace: Workspace, model: SpokenModel, name: str) -> SpokenModel:
    """`parent` of the model's release (its base for a first one), `base`, or another release. Raises UsageError."""
    manifest = model.manifest
    if name == "parent" and manifest.parent is not None:
        return chosen_model(workspace, manifest.parent)
    if name in ("parent", "base"):
        return SpokenModel("base", speaking_base(workspace, manifest.base_model), manifest)
    return chosen_model(workspace, name)
