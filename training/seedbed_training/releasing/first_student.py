"""The model that a first release is trained from: the recipe's base, made ready to converse where it is not."""

from __future__ import annotations

from pathlib import Path

from seedbed_training.learning.chat_base import (
    CHAT_TEMPLATES,
    chat_copy,
    has_chat_template,
    make_chat_copy,
    refuse_adapters,
)
from seedbed_training.planning.recipe import OWN_TEMPLATE, TrainingRecipe
from seedbed_training.releasing.workspace import Workspace, base_model_folder


def first_student(workspace: Workspace, recipe: TrainingRecipe) -> Path:
    """The recipe's base as it is, or the copy of it that has the recipe's chat template if it has none of its own.

    The copy is made at first use, below `bases/`. Raises as `base_model_folder` does, and ConfigurationError where the
    copy cannot be made or trained.
    """
    folder = base_model_folder(recipe.base_model)
    if recipe.chat_template == OWN_TEMPLATE or has_chat_template(folder):
        return folder
    if recipe.lora is not None:
        raise refuse_adapters(recipe.base_model)
    return make_chat_copy(folder, recipe.chat_template, kept_in=workspace.state / "bases")


def speaking_base(workspace: Workspace, base_model: str, recipe: TrainingRecipe | None = None) -> Path:
    """The base to measure a release against or to talk to: where it cannot converse, its copy that can.

    That is the one that was trained from here, or else the one that `recipe` makes of it; the base itself where neither
    is, and whoever asks it hears that it has no chat template.
    """
    folder = base_model_folder(base_model)
    if has_chat_template(folder):
        return folder
    bases = workspace.state / "bases"
    copies = (chat_copy(folder, template, kept_in=bases) for template in CHAT_TEMPLATES)
    if made := next((copy for copy in copies if copy.is_dir()), None):
        return made
    if recipe is None or recipe.chat_template == OWN_TEMPLATE:
        return folder
    return make_chat_copy(folder, recipe.chat_template, kept_in=bases)
