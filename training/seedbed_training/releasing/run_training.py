"""Train what was planned, in the run's own folder; the same call again goes on where it was stopped."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from seedbed.errors import MissingExtraError, NothingToDoError, UsageError
from seedbed_training.planning.plan import TrainingPlan
from seedbed_training.planning.plan_file import read_plan, write_plan
from seedbed_training.releasing.choose_model import choose_model
from seedbed_training.releasing.prepare_plan import Preparation
from seedbed_training.releasing.workspace import Workspace

if TYPE_CHECKING:
    from seedbed_training.learning.progress import Progress
    from seedbed_training.learning.training_record import TrainingResult

PLAN_FILE = "plan.safetensors"


def _changed(before: TrainingPlan, now: TrainingPlan) -> str:
    """What differs between two plans, in words."""
    parts = {
        "the leaves": before.blobs != now.blobs,
        "their samples": before.sample_keys != now.sample_keys,
        "the recipe": before.recipe != now.recipe,
        "the seed": before.seed != now.seed,
        "the parent release": before.parent != now.parent,
    }
    return ", ".join(part for part, differs in parts.items() if differs) or "the choice of samples"


def run_training(
    workspace: Workspace,
    preparation: Preparation,
    *,
    progress: Progress | None = None,
    trackers: Sequence[str] = (),
) -> TrainingResult:
    """Run the plan's phases; the model then lies in `<run>/model`, the plan beside it.

    Where the recipe keeps candidates, it is the one of the last checkpoints that held-out samples speak for.

    In processes that torchrun started each of them must call this.

    Raises UsageError when the run's folder was begun with another plan or is in use, NothingToDoError when the plan has
    no step, TrainingError when training diverges, MissingExtraError without torch.
    """
    try:
        from seedbed_training.learning.progress import Silence
        from seedbed_training.learning.run_files import sole_user
        from seedbed_training.learning.train import train
        from seedbed_training.learning.world import is_first
    except ImportError as error:
        raise MissingExtraError("training", "train", "torch with transformers") from error
    plan = preparation.plan
    if not any(phase.steps for phase in plan.phases):
        raise NothingToDoError(
            f"{plan.release} has nothing to be trained on: no leaf with samples is fresh",
            hint="seedbed status shows which leaves wait for samples; seedbed generate makes them",
        )
    run = workspace.run_directory(plan.release)
    with sole_user(run) if is_first() else nullcontext():  # from the plan to the choice
        plan = settled_plan(workspace, plan)
        if is_first():
            write_plan(plan, run / PLAN_FILE)
        needed = {planned.id for phase in plan.phases for planned in phase.samples}
        samples = {identity: preparation.training[identity] for identity in sorted(needed)}
        result = train(
            plan,
            samples,
            base=preparation.base,
            run_directory=run,
            progress=progress,
            trackers=trackers,
            held=True,
        )
        if plan.recipe.candidates > 1 and is_first():
            return choose_model(workspace, replace(preparation, plan=plan), result, progress or Silence())
        return result


def settled_plan(workspace: Workspace, plan: TrainingPlan) -> TrainingPlan:
    """The plan that the run of this release goes by: `plan`, or the one that it was begun with.

    They may differ in the taxonomy's commit, since one that touches no leaf changes nothing to train on. Raises
    UsageError where they differ in anything else.
    """
    run = workspace.run_directory(plan.release)
    path = run / PLAN_FILE
    if not path.exists():
        return plan
    begun = read_plan(path)
    if begun != replace(plan, taxonomy_commit=begun.taxonomy_commit):
        raise UsageError(
            f"{run} was begun with another plan: {_changed(begun, plan)} changed since",
            hint=f"seedbed train --plan {path} goes on with it; remove {run} to start anew, or name another run: "
            f"--release {plan.release}-b",
        )
    return begun
