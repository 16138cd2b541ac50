"""Everything that a model card is written from, gathered from plan, run, store, git and the releases before."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from seedbed.generation.audit_record import read_audits
from seedbed.generation.funnel import total
from seedbed.generation.release_manifest import ReleaseManifest
from seedbed.generation.store_files import open_store_files
from seedbed.teacher.teacher import Message
from seedbed_training.evaluation.matrix import matrix_of
from seedbed_training.evaluation.result_file import Evaluation
from seedbed_training.releasing.card.facts import CardFacts
from seedbed_training.releasing.leaf_descriptions import read_descriptions
from seedbed_training.releasing.licence_file import model_licence
from seedbed_training.releasing.prepare_plan import Preparation
from seedbed_training.releasing.prompt_form import read_prompt_form
from seedbed_training.releasing.run_benchmarks import current_benchmarks
from seedbed_training.releasing.run_evaluation import trained_model
from seedbed_training.releasing.run_manifest import training_record
from seedbed_training.releasing.workspace import Workspace, base_model_folder


def gather_facts(
    workspace: Workspace, preparation: Preparation, evaluation: Evaluation, manifest: ReleaseManifest
) -> CardFacts:
    """The facts of a trained and evaluated run; `manifest` is still without the digests of the folder's files.

    Raises StoreError or RepositoryError where something cannot be read any more, ConfigurationError for benchmarks
    of other weights.
    """
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
        benchmarks=current_benchmarks(workspace, plan.release, evaluation.digests),
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
