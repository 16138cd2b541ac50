"""Cutting a release: the gate first, then weights and card, and the manifest last, which makes it one."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from seedbed import __version__
from seedbed.errors import StoreError, TrainingError, UsageError
from seedbed.generation.release_manifest import (
    GateRecord,
    LeafRecord,
    PhaseRecord,
    ReleaseManifest,
    Role,
    ScoreRecord,
)
from seedbed.taxonomy.attribution import read_attribution
from seedbed.teacher.model_folder import model_revision
from seedbed.teacher.teacher import Message
from seedbed_training.evaluation.gate import LeafOutcome, Limits, judge, outcome
from seedbed_training.evaluation.matrix import matrix_of
from seedbed_training.evaluation.result_file import Evaluation
from seedbed_training.planning.plan import TrainingPlan
from seedbed_training.planning.plan_file import plan_digest
from seedbed_training.planning.read_recipe import recipe_digest
from seedbed_training.planning.whole_file import write_whole
from seedbed_training.releasing.model_card import CardFacts, model_card
from seedbed_training.releasing.prepare_plan import Preparation
from seedbed_training.releasing.run_evaluation import trained_model
from seedbed_training.releasing.score_plot import PLOT_FILE, draw_scores
from seedbed_training.releasing.workspace import Workspace, base_model_folder

_ATTRIBUTION_LIMIT = 64 * 1024  # bytes; real ones have a few hundred


def run_outcomes(plan: TrainingPlan, evaluation: Evaluation) -> tuple[LeafOutcome, ...]:
    """What the gate looks at, for every leaf of a trained and evaluated run."""
    return tuple(
        outcome(
            leaf,
            fresh=leaf in plan.fresh,
            score=evaluation.score("this", leaf),
            parent=evaluation.score("parent", leaf),
        )
        for leaf in plan.blobs
    )


def cut_release(
    workspace: Workspace, preparation: Preparation, evaluation: Evaluation, *, limits: Limits | None = None
) -> ReleaseManifest:
    """Pass the gate, then write the release's folder and its manifest under `releases/`.

    Raises TrainingError, with every reason, when the gate refuses; UsageError when the release exists already or the
    evaluation is of another plan or other weights. StoreError when the disk
    does not take it. Nothing is a release before its manifest, which is written last.
    """
    plan = preparation.plan
    _check(workspace, plan, evaluation)
    verdict = judge(run_outcomes(plan, evaluation), limits or Limits())
    if not verdict.passed:
        raise TrainingError(
            f"the gate refuses {plan.release}:\n" + "\n".join(f"- {reason}" for reason in verdict.reasons),
            hint="more replay (replay.leaf_share) or fewer epochs for old leaves that fell; more samples or epochs for "
            "fresh ones; --maximum-drop and --minimum-score move the limits",
        )
    manifest = _manifest(workspace, preparation, evaluation, verdict)
    _write_folder(workspace, preparation, evaluation, manifest)
    write_whole(workspace.manifests / f"{plan.release}.json", manifest.to_json())
    return manifest


def _check(workspace: Workspace, plan: TrainingPlan, evaluation: Evaluation) -> None:
    if (workspace.manifests / f"{plan.release}.json").exists():
        raise UsageError(
            f"{plan.release} exists already and a release never changes",
            hint=f"plan the next one: seedbed plan --release {workspace.next_release()}",
        )
    found = model_revision(trained_model(workspace, plan.release))
    if evaluation.plan_digest != plan_digest(plan) or evaluation.digests.get("this") != found:
        raise UsageError(
            f"the evaluation of {plan.release} is of another plan or of other weights",
            hint=f"seedbed eval --release {plan.release}",
        )


def _manifest(
    workspace: Workspace, preparation: Preparation, evaluation: Evaluation, verdict: GateRecord
) -> ReleaseManifest:
    plan = preparation.plan
    record = _training_record(workspace, plan.release)
    return ReleaseManifest(
        name=plan.release,
        parent=plan.parent,
        taxonomy_commit=plan.taxonomy_commit,
        base_model=plan.recipe.base_model,
        base_model_digest=model_revision(base_model_folder(plan.recipe.base_model)),
        model_digest=evaluation.digests["this"],
        recipe=plan.recipe.name,
        recipe_digest=recipe_digest(plan.recipe),
        plan_digest=plan_digest(plan),
        seed=plan.seed,
        seedbed_version=__version__,
        leaves=_leaves(workspace, preparation),
        phases=tuple(PhaseRecord(**phase) for phase in record["phases"]),
        scores=_scores(plan, evaluation),
        gate=verdict,
    )


def _training_record(workspace: Workspace, release: str) -> dict[str, Any]:
    from seedbed_training.learning.run_files import read_record

    record = read_record(workspace.run_directory(release))
    if record is None:
        raise UsageError(
            f"{release} has not been trained to its end", hint=f"seedbed train --release {release}"
        )
    return record


def _leaves(workspace: Workspace, preparation: Preparation) -> tuple[LeafRecord, ...]:
    plan = preparation.plan
    trained: dict[str, set[str]] = {}
    for phase in plan.phases:
        for planned in phase.samples:
            trained.setdefault(planned.leaf, set()).add(planned.id)
    kept = [
        LeafRecord(
            name=leaf,
            blob=blob,
            role=Role.FRESH if leaf in plan.fresh else Role.REPLAYED if leaf in plan.replayed else Role.KEPT,
            sample_keys=tuple(plan.sample_keys[leaf]),
            training_samples=len(trained.get(leaf, ())),
            held_out_samples=len(preparation.held_out.get(leaf, ())),
        )
        for leaf, blob in plan.blobs.items()
    ]
    parent = next((known for known in workspace.releases() if known.name == plan.parent), None)
    dropped = [
        replace(record, role=Role.DROPPED, training_samples=0)
        for leaf in plan.removed
        if parent is not None and (record := parent.leaf(leaf)) is not None
    ]
    return tuple(
        sorted((*(_attributed(workspace, plan, leaf) for leaf in kept), *dropped), key=lambda leaf: leaf.name)
    )


def _attributed(workspace: Workspace, plan: TrainingPlan, leaf: LeafRecord) -> LeafRecord:
    root = workspace.settings.taxonomy.root
    path = f"{leaf.name}/attribution.txt" if root in ("", ".") else f"{root}/{leaf.name}/attribution.txt"
    raw = workspace.repository.read_path(plan.taxonomy_commit, path, _ATTRIBUTION_LIMIT)
    if raw is None:
        return leaf
    attribution = read_attribution(raw.decode("utf-8", "replace"))
    return replace(leaf, authors=tuple(attribution.authors), licence=attribution.licence)


def _scores(plan: TrainingPlan, evaluation: Evaluation) -> tuple[ScoreRecord, ...]:
    records = []
    for leaf in sorted(plan.blobs):
        this = evaluation.score("this", leaf)
        if this is None:
            continue
        base, parent = evaluation.score("base", leaf), evaluation.score("parent", leaf)
        records.append(
            ScoreRecord(
                leaf=leaf,
                score=this.score,
                low=this.low,
                high=this.high,
                cases=len(this.cases),
                base=base.score if base else None,
                parent=parent.score if parent else None,
            )
        )
    return tuple(records)


def _write_folder(
    workspace: Workspace, preparation: Preparation, evaluation: Evaluation, manifest: ReleaseManifest
) -> None:
    """The release's folder, whole: made beside its place and moved there."""
    destination = workspace.release_directory(manifest.name)
    building = destination.with_name(f".{destination.name}.building")
    facts = _card_facts(workspace, preparation, evaluation, manifest)
    model = trained_model(workspace, manifest.name)
    try:
        shutil.rmtree(building, ignore_errors=True)
        building.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(model, building)
        _write_card(facts, building)
        if (
            destination.exists()
        ):  # left by a run that was stopped before its manifest was written: no release yet
            shutil.rmtree(destination)
        building.replace(destination)
    except OSError as error:
        shutil.rmtree(building, ignore_errors=True)
        reason = error.args[0][0][2] if isinstance(error, shutil.Error) else error  # one of a list of triples
        raise StoreError(
            f"the release cannot be written to {destination}: {reason}",
            hint="make room or mend its permissions, then run the same command again",
        ) from error


def _write_card(facts: CardFacts, folder: Path) -> None:
    draw_scores(facts.manifest, folder / PLOT_FILE)
    (folder / "README.md").write_text(model_card(facts), encoding="utf-8")


def _card_facts(
    workspace: Workspace, preparation: Preparation, evaluation: Evaluation, manifest: ReleaseManifest
) -> CardFacts:
    plan, store = preparation.plan, workspace.open_store()
    return CardFacts(
        manifest=manifest,
        recipe=plan.recipe,
        makings={
            leaf: [store.describe(key).making for key in keys] for leaf, keys in plan.sample_keys.items()
        },
        matrix=matrix_of([*_ancestors(workspace.releases(), manifest), manifest]),
        replay_token_share=plan.replay_token_share,
        taxonomy_root=workspace.settings.taxonomy.root,
        environment=_training_record(workspace, plan.release)["environment"],
        example=_example(preparation, evaluation),
    )


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


def _ancestors(releases: Sequence[ReleaseManifest], manifest: ReleaseManifest) -> Sequence[ReleaseManifest]:
    """The line of parents of `manifest`, oldest first; arms that were released beside it are no part of it."""
    known = {release.name: release for release in releases}
    line: list[ReleaseManifest] = []
    name = manifest.parent
    while name is not None and name in known:
        line.append(known[name])
        name = known[name].parent
    return line[::-1]
