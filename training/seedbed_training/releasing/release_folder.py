"""A release's folder: weights and tokenizer as trained, and beside them card, pictures, terms and attribution."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from seedbed.errors import StoreError
from seedbed.generation.release_manifest import ReleaseManifest
from seedbed.teacher.model_folder import MODEL_FILES
from seedbed_training.evaluation.result_file import Evaluation
from seedbed_training.releasing.attribution_file import ATTRIBUTION_FILE, attribution_text, read_attributions
from seedbed_training.releasing.card.facts import CardFacts
from seedbed_training.releasing.card.model_card import CARD_FILE, model_card
from seedbed_training.releasing.gather_facts import gather_facts
from seedbed_training.releasing.licence_file import LICENCE_FILE, licence_text
from seedbed_training.releasing.plots.funnel import FUNNEL_FILE, draw_funnel
from seedbed_training.releasing.plots.losses import LOSSES_FILE, draw_losses
from seedbed_training.releasing.plots.matrix import MATRIX_FILE, draw_matrix
from seedbed_training.releasing.plots.scores import SCORES_FILE, draw_scores
from seedbed_training.releasing.prepare_plan import Preparation
from seedbed_training.releasing.run_evaluation import trained_model
from seedbed_training.releasing.workspace import Workspace

_MADE_LATER = ("*.gguf",)
"""What other commands put into the folder of a release that is cut."""


def write_release_folder(
    workspace: Workspace, preparation: Preparation, evaluation: Evaluation, manifest: ReleaseManifest
) -> Mapping[str, str]:
    """Write the folder, whole or not at all: made beside its place and moved there. Returns `files` of the manifest.

    Raises StoreError when the disk does not take it.
    """
    destination = workspace.release_directory(manifest.name)
    building = destination.with_name(f".{destination.name}.building")
    facts = gather_facts(workspace, preparation, evaluation, manifest)
    model = trained_model(workspace, manifest.name)
    try:
        shutil.rmtree(building, ignore_errors=True)
        building.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(model, building)
        _write_beside_the_model(workspace, facts, building)
        _readable_alike(building)
        digests = {name: _digest(path) for name, path in _files(building).items()}
        if destination.exists():  # left by a run that was stopped before its manifest: no release yet
            shutil.rmtree(destination)
        building.replace(destination)
    except OSError as error:
        shutil.rmtree(building, ignore_errors=True)
        reason = error.args[0][0][2] if isinstance(error, shutil.Error) else error  # one of a list of triples
        raise StoreError(
            f"the release cannot be written to {destination}: {reason}",
            hint="make room or mend its permissions, then run the same command again",
        ) from error
    return digests


def folder_differences(folder: Path, files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(name, what is wrong) for each file that is missing, was changed, or is no part of the release.

    `files` is what a manifest says; a name in it that leads out of the folder is not followed.
    """
    present = _files(folder)
    for name, digest in sorted(files.items()):
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            yield name, "leads out of the release's folder"
        elif name not in present:
            yield name, "is missing since the release was cut"
        elif present[name].is_symlink():
            yield name, "is a link now, and what it leads to can change"
        elif _digest(present[name]) != digest:
            yield name, "was changed since the release was cut"
    for name in sorted(present.keys() - files.keys()):
        if present[name].is_symlink() or not _is_made_later(name):
            yield name, "is no part of the release"


def made_later(folder: Path, files: Mapping[str, str]) -> Sequence[str]:
    """The names of files that other commands put into the folder since, which `files` of the manifest says nothing of."""
    return [name for name in _files(folder) if name not in files and _is_made_later(name)]


def _is_made_later(name: str) -> bool:
    return any(PurePosixPath(name).match(pattern) for pattern in _MADE_LATER)


def _files(folder: Path) -> Mapping[str, Path]:
    """Every file and link by its name from the folder, sorted. Hidden ones belong to file managers and version control,
    unless they are called as parts of a model are."""
    found = {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }
    return {name: found[name] for name in sorted(found) if not _is_hidden(name)}


def _is_hidden(name: str) -> bool:
    path = PurePosixPath(name)
    return any(part[0] == "." for part in path.parts) and not any(path.match(part) for part in MODEL_FILES)


def _write_beside_the_model(workspace: Workspace, facts: CardFacts, folder: Path) -> None:
    manifest = facts.manifest
    draw_scores(manifest, folder / SCORES_FILE)
    if facts.matrix.old_leaves:
        draw_matrix(facts.matrix, folder / MATRIX_FILE)
    if facts.losses:
        draw_losses(facts.losses, folder / LOSSES_FILE)
    if facts.funnel.asked:
        draw_funnel(facts.funnel, folder / FUNNEL_FILE)
    names = [leaf.name for leaf in facts.kept]
    attributions = read_attributions(workspace, manifest.taxonomy_commit, names)
    (folder / ATTRIBUTION_FILE).write_text(attribution_text(manifest, attributions), encoding="utf-8")
    terms = licence_text(manifest, facts.base, facts.base_licence, facts.teachers)
    (folder / LICENCE_FILE).write_text(terms, encoding="utf-8")
    (folder / CARD_FILE).write_text(model_card(facts), encoding="utf-8")


def _readable_alike(folder: Path) -> None:
    """Every file with the permissions of the card: weights come from a temporary file, which only its owner reads."""
    mode = (folder / CARD_FILE).stat().st_mode
    for path in _files(folder).values():
        path.chmod(mode)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
