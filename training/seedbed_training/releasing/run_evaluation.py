"""Score a trained run beside its parent and the base model, on the same held-out samples, asking nothing twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from seedbed.errors import ConfigurationError, UsageError
from seedbed.generation.sample import Sample
from seedbed.teacher.model_folder import model_revision
from seedbed_training.evaluation.evaluate import evaluate
from seedbed_training.evaluation.result_file import Evaluation, read_evaluation, write_evaluation
from seedbed_training.evaluation.score import RULE, LeafScore
from seedbed_training.planning.plan_file import plan_digest
from seedbed_training.releasing.prepare_plan import Preparation
from seedbed_training.releasing.workspace import Workspace, base_model_folder

EVALUATION_FILE = "evaluation.json"

Progress = Callable[[str, int, int], None]
"""Called with the arm, how many of its questions were answered, and how many there are."""


def run_evaluation(
    workspace: Workspace,
    preparation: Preparation,
    *,
    progress: Progress = lambda arm, done, total: None,
) -> Evaluation:
    """Score the trained model of `preparation` (`this`), the parent release (`parent`) and the base model (`base`).

    Every leaf of the plan is scored, old and new, with the same questions for all three. Scores are kept by model and
    questions, so that a second run asks nothing and a stopped one goes on. The result lies in the run's folder.
    Raises UsageError when the run was not trained to its end, TrainingError when a model cannot be asked.
    """
    plan = preparation.plan
    run = workspace.run_directory(plan.release)
    arms = arm_folders(workspace, preparation)
    scores = {}
    for arm, folder in sorted(arms.items()):
        scores[arm] = score_model(
            workspace,
            folder,
            preparation.held_out,
            progress=partial(progress, arm),
        )
    evaluation = Evaluation(
        release=plan.release,
        plan_digest=plan_digest(plan),
        arms=scores,
        digests={arm: model_revision(folder) for arm, folder in sorted(arms.items())},
    )
    write_evaluation(evaluation, run / EVALUATION_FILE)
    return evaluation


def arm_folders(workspace: Workspace, preparation: Preparation) -> dict[str, Path]:
    """The models that are measured side by side: `base`, `this`, and `parent` where there is one, by name.

    Raises UsageError when the run was not trained to its end.
    """
    plan = preparation.plan
    arms = {"base": base_model_folder(plan.recipe.base_model), "this": trained_model(workspace, plan.release)}
    if plan.parent is not None:
        arms["parent"] = preparation.base
    return dict(sorted(arms.items()))


def score_model(
    workspace: Workspace,
    folder: Path,
    held_out: Mapping[str, Sequence[Sample]],
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Mapping[str, LeafScore]:
    """The score per leaf of any model; what was scored before with the same weights and questions is not asked again."""
    revision = model_revision(folder)
    known: dict[str, LeafScore] = {}
    missing: dict[str, Sequence[Sample]] = {}
    for leaf, samples in held_out.items():
        kept = _kept(_kept_file(workspace, revision, leaf, samples))
        if kept is not None:
            known[leaf] = kept
        elif samples:
            missing[leaf] = samples

    def keep(score: LeafScore) -> None:
        arms = {"this": {score.leaf: score}}
        alone = Evaluation(release="", plan_digest="", arms=arms, digests={"this": revision})
        write_evaluation(alone, _kept_file(workspace, revision, score.leaf, missing[score.leaf]))

    known.update(evaluate(folder, missing, progress=progress, scored=keep))
    return {leaf: known[leaf] for leaf in sorted(known)}


def trained_model(workspace: Workspace, release: str) -> Path:
    """The folder of a run's trained model. Raises UsageError when training has not come to its end."""
    folder = workspace.run_directory(release) / "model"
    if not (folder / "config.json").is_file():
        raise UsageError(
            f"{release} has not been trained to its end", hint=f"seedbed train --release {release}"
        )
    return folder


def _kept_file(workspace: Workspace, revision: str, leaf: str, samples: Sequence[Sample]) -> Path:
    parts = json.dumps(["with nats", RULE, leaf, [sample.id for sample in samples]])
    return (
        workspace.state / "evaluations" / revision / f"{hashlib.sha256(parts.encode()).hexdigest()[:32]}.json"
    )


def _kept(path: Path) -> LeafScore | None:
    """A file that cannot be read is as good as none: its leaf is asked again and the file written anew."""
    if not path.is_file():
        return None
    try:
        (score,) = read_evaluation(path).arms["this"].values()
    except ConfigurationError:
        return None
    return score
