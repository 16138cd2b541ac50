"""The checkpoints that a run's model is chosen from, each as a model that can be asked, and the chosen one put in place."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from seedbed_training.learning.checkpoint import phase_checkpoints, read_weights
from seedbed_training.learning.model import find_base, load_student
from seedbed_training.learning.position import is_regular
from seedbed_training.learning.run_files import read_record, write_record
from seedbed_training.learning.written_model import write_model
from seedbed_training.planning.plan import TrainingPlan

_FOLDER = "candidates"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A checkpoint as a model: `model` is a folder in the transformers format, `digest` its revision."""

    name: str  # such as skills-200
    checkpoint: Path
    model: Path
    digest: str


def write_candidates(
    plan: TrainingPlan, *, base: str | Path, run_directory: Path, say: Callable[[str], None]
) -> tuple[Candidate, ...]:
    """The newest `recipe.candidates` whole checkpoints of the last phase that has steps, as models below the run, earliest first.

    Those that only an interruption made are none: a run that was interrupted chooses among what an unbroken one has.
    Raises StoreError when the disk does not take them.
    """
    found = [
        (position, path)
        for position, path in phase_checkpoints(run_directory / "checkpoints", plan.last_trained, say)
        if is_regular(position, every=plan.recipe.checkpoint_steps)
    ]
    student = load_student(find_base(base))
    candidates = []
    for _, checkpoint in found[-plan.recipe.candidates :]:
        directory = run_directory / _FOLDER / checkpoint.name
        digest = write_model(student, plan.recipe, read_weights(checkpoint), directory)
        candidates.append(Candidate(checkpoint.name, checkpoint, directory / "model", digest))
    return tuple(candidates)


def is_chosen(run_directory: Path) -> bool:
    """Whether the run's model was chosen already."""
    return "choice" in (read_record(run_directory) or {})


def put_chosen(
    chosen: Candidate, reason: str, plan: TrainingPlan, *, base: str | Path, run_directory: Path
) -> None:
    """Make `chosen` the run's model, write down why, and remove the other models; the checkpoints stay.

    A process that is killed in between leaves a model that is not the record's, which `train` puts right. Raises
    StoreError.
    """
    record = read_record(run_directory)
    assert record is not None
    if record["model_digest"] != chosen.digest:
        write_model(
            load_student(find_base(base)), plan.recipe, read_weights(chosen.checkpoint), run_directory
        )
    choice = {"checkpoint": chosen.name, "reason": reason}
    write_record(run_directory, {**record, "model_digest": chosen.digest, "choice": choice})
    shutil.rmtree(run_directory / _FOLDER, ignore_errors=True)
