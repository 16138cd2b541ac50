"""The manifest of a trained and evaluated run: what it was made of, before it is a release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from seedbed import __version__
from seedbed.errors import UsageError
from seedbed.generation.release_manifest import (
    GateRecord,
    LeafRecord,
    PhaseRecord,
    ReleaseManifest,
    Role,
    ScoreRecord,
)
from seedbed.taxonomy.attribution import read_attribution
from seedbed.taxonomy.history import last_changes
from seedbed.teacher.model_folder import model_revision
from seedbed_training.evaluation.measures import measure_name
from seedbed_training.evaluation.result_file import Evaluation
from seedbed_training.planning.plan import TrainingPlan
from seedbed_training.planning.plan_file import plan_digest
from seedbed_training.planning.read_recipe import recipe_digest
from seedbed_training.releasing.attribution_file import licence_expression, read_attributions
from seedbed_training.releasing.prepare_plan import Preparation
from seedbed_training.releasing.samples_digest import samples_digest
from seedbed_training.releasing.workspace import Workspace, base_model_folder


def run_manifest(
    workspace: Workspace, preparation: Preparation, evaluation: Evaluation, verdict: GateRecord
) -> ReleaseManifest:
    """The manifest, still without the digests of the files beside the model.

    Raises UsageError when the run was not trained to its end, StoreError when samples of it are no longer in the store.
    """
    plan = preparation.plan
    record = training_record(workspace, plan.release)
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
        choice=record.get("choice", {}).get("reason", ""),
    )


def training_record(workspace: Workspace, release: str) -> dict[str, Any]:
    """What training wrote at its end. Raises UsageError when it has not come to it."""
    from seedbed_training.learning.run_files import read_record

    record = read_record(workspace.run_directory(release))
    if record is None:
        raise UsageError(
            f"{release} has not been trained to its end", hint=f"seedbed train --release {release}"
        )
    return record


def leaf_commits(workspace: Workspace, commit: str, leaves: Sequence[str]) -> Mapping[str, str]:
    """The commit that last changed each leaf's `qna.yaml`; leaves of which a shallow clone does not show it are absent."""
    root = workspace.settings.taxonomy.root
    top = "" if root in ("", ".") else root
    paths = {f"{top}/{leaf}/qna.yaml".lstrip("/"): leaf for leaf in leaves}
    found = last_changes(workspace.repository, commit, paths, under=top)
    return {paths[path]: change.commit for path, change in found.items() if change.certain}


def _leaves(workspace: Workspace, preparation: Preparation) -> tuple[LeafRecord, ...]:
    plan = preparation.plan
    trained: dict[str, set[str]] = {}
    for phase in plan.phases:
        for planned in phase.samples:
            trained.setdefault(planned.leaf, set()).add(planned.id)
    commits = leaf_commits(workspace, plan.taxonomy_commit, tuple(plan.blobs))
    attributions = read_attributions(workspace, plan.taxonomy_commit, tuple(plan.blobs))
    store = workspace.open_store()
    fresh, replayed = frozenset(plan.fresh), frozenset(plan.replayed)
    kept = [
        _attributed(
            LeafRecord(
                name=leaf,
                blob=blob,
                role=Role.FRESH if leaf in fresh else Role.REPLAYED if leaf in replayed else Role.KEPT,
                sample_keys=tuple(plan.sample_keys[leaf]),
                training_samples=len(trained.get(leaf, ())),
                held_out_samples=len(preparation.held_out.get(leaf, ())),
                commit=commits.get(leaf),
                samples_digest=samples_digest(
                    sample for key in plan.sample_keys[leaf] for sample in store.read(key)
                ),
            ),
            attributions.get(leaf),
        )
        for leaf, blob in plan.blobs.items()
    ]
    return tuple(sorted((*kept, *_dropped(workspace, plan)), key=lambda leaf: leaf.name))


def _dropped(workspace: Workspace, plan: TrainingPlan) -> Sequence[LeafRecord]:
    parent = next((known for known in workspace.releases() if known.name == plan.parent), None)
    if parent is None:
        return ()
    records = (parent.leaf(leaf) for leaf in plan.removed)
    return [replace(record, role=Role.DROPPED, training_samples=0) for record in records if record]


def _attributed(leaf: LeafRecord, text: str | None) -> LeafRecord:
    if text is None:
        return leaf
    return replace(leaf, authors=read_attribution(text).authors, licence=licence_expression(text))


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
                measure=measure_name(this, evaluation.judge),
            )
        )
    return tuple(records)
