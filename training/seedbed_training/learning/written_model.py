"""What training learned as a model that anyone can open: `model/`, and `adapter/` where the recipe keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch

from seedbed_training.learning.lora import merged, save_adapter
from seedbed_training.learning.model import Student, load_student, model_tensors, save_student
from seedbed_training.planning.recipe import TrainingRecipe


def write_model(
    student: Student, recipe: TrainingRecipe, learned: Mapping[str, torch.Tensor], directory: Path
) -> str:
    """Write `<directory>/model/`, and `<directory>/adapter/` where the recipe keeps it; the model's digest.

    `learned` are tensors by the names of `learned_tensors`. Adapters are merged into weights that are read anew from
    the base, so that what was trained on is left as it is. Raises StoreError.
    """
    weights = learned
    if recipe.lora is not None:
        whole, view = merged(load_student(student.folder).model, recipe.lora, learned)
        weights = model_tensors(whole)
        if recipe.lora.keep_adapter:
            save_adapter(view, directory / "adapter", base=str(student.folder))
    return save_student(student, directory / "model", weights)
