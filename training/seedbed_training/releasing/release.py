"""Cutting a release: the gate first, then weights and card, and the manifest last, which makes it one."""

from __future__ import annotations

from dataclasses import replace

from seedbed.errors import UsageError
from seedbed.generation.release_manifest import ReleaseManifest
from seedbed.teacher.model_folder import model_revision
from seedbed_training.evaluation.gate import LeafOutcome, Limits, judge, outcome
from seedbed_training.evaluation.result_file import Evaluation
from seedbed_training.planning.plan import TrainingPlan
from seedbed_training.planning.plan_file import plan_digest
from seedbed_training.planning.whole_file import write_whole
from seedbed_training.releasing.prepare_plan import Preparation
from seedbed_training.releasing.refusal import refusal
from seedbed_training.releasing.release_folder import write_release_folder
from seedbed_training.releasing.run_evaluation import trained_model
from seedbed_training.releasing.run_manifest import run_manifest
from seedbed_training.releasing.workspace import Workspace


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
    limits = limits or Limits()
    outcomes = run_outcomes(plan, evaluation)
    verdict = judge(outcomes, limits)
    if not verdict.passed:
        raise refusal(plan, evaluation, outcomes, verdict, limits)
    manifest = run_manifest(workspace, preparation, evaluation, verdict)
    files = write_release_folder(workspace, preparation, evaluation, manifest)
    manifest = replace(manifest, files=files)
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
