"""A release's folder: weights and tokenizer as trained, and beside them card, pictures and attribution."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seedbed.errors import ConfigurationError, StoreError
from seedbed.generation.audit_record import read_audits
from seedbed.generation.funnel import total
from seedbed.generation.release_manifest import ReleaseManifest
from seedbed.generation.store_files import open_store_files
from seedbed.teacher.teacher import Message
from seedbed_training.evaluation.matrix import matrix_of
from seedbed_training.evaluation.result_file import Evaluation
from seedbed_training.releasing.attribution_file import ATTRIBUTION_FILE, attribution_text, read_attributions
from seedbed_training.releasing.card.facts import CardFacts
from seedbed_training.releasing.card.model_card import CARD_FILE, model_card
from seedbed_training.releasing.leaf_descriptions import read_descriptions
from seedbed_training.releasing.licence_file import LICENCE_FILE, licence_text, model_licence
from seedbed_training.releasing.plots.funnel import FUNNEL_FILE, draw_funnel
from seedbed_training.releasing.plots.losses import LOSSES_FILE, draw_losses
from seedbed_training.releasing.plots.matrix import MATRIX_FILE, draw_matrix
from seedbed_training.releasing.plots.scores import SCORES_FILE, draw_scores
from seedbed_training.releasing.prepare_plan import Preparation
from seedbed_training.releasing.prompt_form import read_prompt_form
from seedbed_training.releasing.run_benchmarks import BENCHMARKS_FILE
from seedbed_training.releasing.run_evaluation import trained_model
from seedbed_training.releasing.run_manifest import training_record
from seedbed_training.releasing.workspace import Workspace, base_model_folder


def write_release_folder(
    workspace: Workspace, preparation: Preparation, evaluation: Evaluation, manifest: ReleaseManifest
) -> Mapping[str, str]:
    """Write the folder, whole or not at all: made beside its place and moved there. Returns `files` of the manifest.

    Raises StoreError when the disk does not take it.
    """
    destination = workspace.release_directory(manifest.name)
    building = destination.with_name(f".{destination.name}.building")
    facts = _card_facts(workspace, preparation, evaluation, manifest)
    model = trained_model(workspace, manifest.name)
    try:
        shutil.rmtree(building, ignore_errors=True)
        building.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(model, building)
        written = _write_beside_the_model(workspace, facts, building)
        digests = {name: _digest(building / name) for name in sorted(written)}
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


def changed_files(folder: Path, manifest: ReleaseManifest) -> Sequence[str]:
    """The files beside the model that are not there any more or not what the manifest says, by name."""
    return [
        name
        for name, digest in sorted(manifest.files.items())
        if not (folder / name).is_file() or _digest(folder / name) != digest
    ]


def _write_beside_the_model(workspace: Workspace, facts: CardFacts, folder: Path) -> Sequence[str]:
    manifest = facts.manifest
    written = [CARD_FILE, ATTRIBUTION_FILE, LICENCE_FILE, SCORES_FILE]
    draw_scores(manifest, folder / SCORES_FILE)
    if facts.matrix.old_leaves:
        draw_matrix(facts.matrix, folder / MATRIX_FILE)
        written.append(MATRIX_FILE)
    if facts.losses:
        draw_losses(facts.losses, folder / LOSSES_FILE)
        written.append(LOSSES_FILE)
    if facts.funnel.asked:
        draw_funnel(facts.funnel, folder / FUNNEL_FILE)
        written.append(FUNNEL_FILE)
    names = [leaf.name for leaf in facts.kept]
    attributions = read_attributions(workspace, manifest.taxonomy_commit, names)
    (folder / ATTRIBUTION_FILE).write_text(attribution_text(manifest, attributions), encoding="utf-8")
    terms = licence_text(manifest, facts.base, facts.base_licence, facts.teachers)
    (folder / LICENCE_FILE).write_text(terms, encoding="utf-8")
    (folder / CARD_FILE).write_text(model_card(facts), encoding="utf-8")
    return written


def _card_facts(
    workspace: Workspace, preparation: Preparation, evaluation: Evaluation, manifest: ReleaseManifest
) -> CardFacts:
    plan, store = preparation.plan, workspace.open_store()
    run = workspace.run_directory(plan.release)
    stored = {leaf: [store.describe(key) for key in keys] for leaf, keys in plan.sample_keys.items()}
    teachers = {one.making.teacher for found in stored.values() for one in found}
    return CardFacts(
        manifest=manifest,
        recipe=plan.recipe,
        makings={leaf: [one.making for one in found] for leaf, found in stored.items()},
        matrix=matrix_of([*ancestors(workspace.releases(), manifest), manifest]),
        replay_token_share=plan.replay_token_share,
        taxonomy_root=workspace.settings.taxonomy.root,
        environment=training_record(workspace, plan.release)["environment"],
        example=_example(preparation, evaluation),
        prompt=read_prompt_form(trained_model(workspace, plan.release)),
        rule=evaluation.rule,
        base_licence=model_licence(base_model_folder(plan.recipe.base_model)),
        descriptions=read_descriptions(workspace, manifest),
        losses=_losses(run, [phase.name for phase in manifest.phases]),
        funnel=total(funnel for found in stored.values() for one in found for funnel in one.funnels.values()),
        benchmarks=_document(run / BENCHMARKS_FILE),
        audits=[audit for audit in read_audits(open_store_files(store.url)) if audit.teacher in teachers],
    )


def ancestors(releases: Sequence[ReleaseManifest], manifest: ReleaseManifest) -> Sequence[ReleaseManifest]:
    """The line of parents of `manifest`, oldest first; arms that were released beside it are no part of it."""
    known = {release.name: release for release in releases}
    line: list[ReleaseManifest] = []
    name = manifest.parent
    while name is not None and name in known:
        line.append(known[name])
        name = known[name].parent
    return line[::-1]


def _example(preparation: Preparation, evaluation: Evaluation) -> Sequence[Message]:
    """The shortest held-out conversation that the model answers rightly, of a fresh leaf where there is one."""
    right = {
        case.case.sample
        for score in evaluation.arms["this"].values()
        for case in score.cases
        if case.score == 1.0
    }
    found = [sample for samples in preparation.held_out.values() for sample in samples if sample.id in right]
    if not found:
        return ()
    fresh = preparation.plan.fresh
    best = min(found, key=lambda sample: (sample.leaf not in fresh, len(sample.question), sample.id))
    return best.messages


def _losses(run: Path, phases: Sequence[str]) -> Mapping[str, Sequence[float]]:
    from seedbed_training.learning.run_files import METRICS

    found: dict[str, list[float]] = {phase: [] for phase in phases}
    for line in (run / METRICS).read_text(encoding="utf-8").splitlines():
        step = json.loads(line)
        if step["loss_tokens"] and step["phase"] in found:
            found[step["phase"]].append(step["loss"])
    return {phase: values for phase, values in found.items() if values}


def _document(path: Path) -> Mapping[str, Any] | None:
    """A JSON document that another command may have written."""
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigurationError(f"{path} is no JSON: {error}", hint="remove it, or make it again") from error
    if not isinstance(found, dict):
        raise ConfigurationError(f"{path} holds no JSON object", hint="remove it, or make it again")
    return found


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
