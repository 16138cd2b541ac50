"""Train what was planned, in the run's own folder; the same call again goes on where it was stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seedbed.errors import MissingExtraError, NothingToDoError, UsageError
from seedbed_training.planning.plan_file import plan_digest, read_plan, write_plan
from seedbed_training.releasing.prepare_plan import Preparation
from seedbed_training.releasing.workspace import Workspace

if TYPE_CHECKING:
    from seedbed_training.learning.progress import Progress
    from seedbed_training.learning.train import TrainingResult

PLAN_FILE = "plan.json"


def run_training(
    workspace: Workspace, preparation: Preparation, *, progress: Progress | None = None
) -> TrainingResult:
    """Run the plan's phases; the model then lies in `<run>/model`, the plan beside it.

    Raises UsageError when the run's folder was begun with another plan, NothingToDoError when the plan has no step,
    TrainingError when training diverges, MissingExtraError without torch.
    """
    try:
        from seedbed_training.learning.train import train
    except ImportError as error:
        raise MissingExtraError("training", "train", "torch with transformers") from error
    plan = preparation.plan
    if not any(phase.steps for phase in plan.phases):
        raise NothingToDoError(
            f"{plan.release} has nothing to be trained on: no leaf with samples is fresh",
            hint="seedbed status shows which leaves wait for samples; seedbed generate makes them",
        )
    run = workspace.run_directory(plan.release)
    path = run / PLAN_FILE
    if path.exists() and plan_digest(read_plan(path)) != plan_digest(plan):
        raise UsageError(
            f"{run} was begun with another plan: the leaves, samples, recipe or seed have changed since",
            hint=f"remove that folder to start anew, or name another run: --release {plan.release}-b",
        )
    write_plan(plan, path)
    needed = {planned.id for phase in plan.phases for planned in phase.samples}
    samples = {identity: preparation.training[identity] for identity in sorted(needed)}
    return train(plan, samples, base=preparation.base, run_directory=run, progress=progress)
