"""A run's model chosen among the last checkpoints, by the held-out samples of the plan's leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from seedbed.generation.sample import Sample
from seedbed.teacher.model_folder import model_revision
from seedbed_training.evaluation.choose_checkpoint import CandidateScores, choose_checkpoint
from seedbed_training.releasing.prepare_plan import Preparation
from seedbed_training.releasing.run_evaluation import score_model
from seedbed_training.releasing.workspace import Workspace

if TYPE_CHECKING:
    from seedbed_training.learning.progress import Progress
    from seedbed_training.learning.training_record import TrainingResult


def choose_model(
    workspace: Workspace, preparation: Preparation, result: TrainingResult, progress: Progress
) -> TrainingResult:
    """The run's result with the chosen checkpoint as its model; `result` itself where a choice was made before.

    Answers are kept by weights and questions, as those of `seedbed eval` are, which asks the chosen one nothing again.
    Leaves are scored by their words, whatever judge the settings name. Raises as `score_model` does, and StoreError.
    """
    from seedbed_training.learning.candidates import is_chosen, put_chosen, write_candidates

    plan, run = preparation.plan, workspace.run_directory(preparation.plan.release)
    if is_chosen(run):
        return result
    candidates = write_candidates(plan, base=preparation.base, run_directory=run, say=progress.say)
    if not candidates:  # removed or damaged since, all of them: the model is the phase's end
        return result
    held_out = preparation.held_out
    parent: Mapping[str, float] = {}
    if plan.parent is not None:
        old = {leaf: samples for leaf, samples in held_out.items() if leaf not in plan.fresh}
        parent = _scores(workspace, preparation.base, old)
    scored = []
    for number, candidate in enumerate(candidates, 1):
        progress.say(f"asking checkpoint {candidate.name} ({number} of {len(candidates)})")
        scores = _scores(workspace, candidate.model, held_out)
        fresh = {leaf: score for leaf, score in scores.items() if leaf in plan.fresh}
        kept = {leaf: score for leaf, score in scores.items() if leaf not in plan.fresh}
        scored.append(CandidateScores(candidate.name, fresh, kept))
    choice = choose_checkpoint(scored, parent)
    chosen = next(candidate for candidate in candidates if candidate.name == choice.name)
    put_chosen(chosen, choice.reason, plan, base=preparation.base, run_directory=run)
    progress.say(f"chosen: {choice.reason}")
    assert model_revision(result.model) == chosen.digest
    return replace(result, digest=chosen.digest)


def _scores(
    workspace: Workspace, folder: Path, held_out: Mapping[str, tuple[Sample, ...]]
) -> dict[str, float]:
    return {leaf: found.score for leaf, found in score_model(workspace, folder, held_out).items()}
