"""Score a trained run beside its parent and the base model, on the same held-out samples, asking nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from seedbed.errors import StoreError, UsageError
from seedbed.generation.sample import Sample
from seedbed.teacher.model_folder import model_revision
from seedbed_training.evaluation.measures import Measure, Measures, score_by
from seedbed_training.evaluation.result_file import Evaluation, write_evaluation
from seedbed_training.evaluation.score import Case, LeafScore, score_leaf
from seedbed_training.learning.run_files import read_record
from seedbed_training.planning.plan_file import plan_digest
from seedbed_training.releasing.first_student import speaking_base
from seedbed_training.releasing.kept_answers import kept_or_asked
from seedbed_training.releasing.leaf_judge import Judged, judge_arms, leaf_measures
from seedbed_training.releasing.prepare_plan import Preparation
from seedbed_training.releasing.workspace import Workspace

EVALUATION_FILE = "evaluation.json"

Progress = Callable[[str, int, int], None]
"""Called with who is asked (an arm, or `judge`), how many of its questions were answered, and how many there are."""
Answers = Mapping[str, Mapping[str, tuple[Case, ...]]]
"""Arm → leaf → cases."""


def run_evaluation(
    workspace: Workspace,
    preparation: Preparation,
    *,
    progress: Progress = lambda who, done, total: None,
) -> Evaluation:
    """Score the trained model of `preparation` (`this`), the parent release (`parent`) and the base model (`base`).

    Every leaf of the plan is scored, old and new, with the same questions for all three. Answers and verdicts are kept,
    so that a second run asks nothing and a stopped one goes on. The result lies in the run's folder. Raises UsageError
    when the run was not trained to its end, TrainingError when a model or the judge could not be asked, TeacherError
    when the judge cannot be had.
    """
    plan = preparation.plan
    measures = leaf_measures(workspace)
    arms = arm_folders(workspace, preparation)
    digests = {arm: model_revision(folder) for arm, folder in arms.items()}
    answers = {
        arm: kept_or_asked(
            workspace, folder, digests[arm], preparation.held_out, progress=partial(progress, arm)
        )
        for arm, folder in arms.items()
    }
    chosen = _measure_of_each_leaf(measures, preparation.held_out)
    judged = _judged(workspace, answers, chosen, partial(progress, "judge"))
    evaluation = Evaluation(
        release=plan.release,
        plan_digest=plan_digest(plan),
        arms={arm: _scores(arm, leaves, chosen, judged) for arm, leaves in answers.items()},
        digests=digests,
        rule=(replace(measures, judge=judged.judge) if judged else measures).rule,
        judge=judged.judge if judged else None,
    )
    write_evaluation(evaluation, workspace.run_directory(plan.release) / EVALUATION_FILE)
    return evaluation


def arm_folders(workspace: Workspace, preparation: Preparation) -> dict[str, Path]:
    """The models that are measured side by side: `base`, `this`, and `parent` where there is one, by name.

    Raises UsageError when the run was not trained to its end.
    """
    plan = preparation.plan
    base = speaking_base(workspace, plan.recipe.base_model, plan.recipe)
    arms = {"base": base, "this": trained_model(workspace, plan.release)}
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
    """The score per leaf of any model, by words; what was answered before with the same weights is not asked again."""
    answers = kept_or_asked(workspace, folder, model_revision(folder), held_out, progress=progress)
    return {leaf: score_leaf(leaf, cases) for leaf, cases in answers.items()}


def trained_model(workspace: Workspace, release: str) -> Path:
    """The folder of a run's trained model.

    Raises UsageError when training has not come to its end, StoreError when the model is not the one that it ended in.
    """
    run = workspace.run_directory(release)
    folder, record = run / "model", read_record(run)
    if record is None or not (folder / "config.json").is_file():
        raise UsageError(
            f"{release} has not been trained to its end", hint=f"seedbed train --release {release}"
        )
    if (found := model_revision(folder)) != record.get("model_digest"):
        raise StoreError(
            f"the model in {folder} was changed after training: it has digest {found[:12]}, training ended in "
            f"{str(record.get('model_digest'))[:12]}",
            hint=f"seedbed train --release {release} makes it again from its last checkpoint",
        )
    return folder


def _measure_of_each_leaf(
    measures: Measures, held_out: Mapping[str, Sequence[Sample]]
) -> Mapping[str, Measure]:
    return {
        leaf: measures.of(leaf, [sample.answer for sample in samples]) for leaf, samples in held_out.items()
    }


def _judged(
    workspace: Workspace,
    answers: Answers,
    chosen: Mapping[str, Measure],
    progress: Callable[[int, int], None],
) -> Judged | None:
    """Every arm's cases of the leaves that a judge grades; nobody is opened where there are none."""
    asked = {
        arm: {leaf: cases for leaf, cases in leaves.items() if chosen[leaf] is Measure.JUDGE}
        for arm, leaves in answers.items()
    }
    return judge_arms(workspace, asked, progress=progress) if any(asked.values()) else None


def _scores(
    arm: str,
    leaves: Mapping[str, Sequence[Case]],
    chosen: Mapping[str, Measure],
    judged: Judged | None,
) -> Mapping[str, LeafScore]:
    mine = {sample: score for (of, sample), score in judged.scores.items() if of == arm} if judged else {}
    return {leaf: score_by(chosen[leaf], leaf, cases, mine) for leaf, cases in leaves.items()}
