"""Low-rank adapters in place of all weights (Hu et al. 2021, arXiv 2106.09685), through peft."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from seedbed.errors import ConfigurationError, MissingExtraError, StoreError
from seedbed_training.learning.model import put_in_place
from seedbed_training.planning.recipe import LoraRecipe


def add_adapters(model: Any, recipe: LoraRecipe, *, seed: int) -> Any:
    """Put adapters into `model`, in place, and freeze all else; returns peft's view of it.

    They begin as nothing, the same for the same seed. Raises ConfigurationError when the model has no layer of the
    recipe's names, MissingExtraError without peft.
    """
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError as error:
        raise MissingExtraError("LoRA", "lora", error.name or "peft") from error
    config = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,  # type: ignore[arg-type]  # peft divides by it; nothing asks for a whole number
        lora_dropout=recipe.dropout,
        target_modules=list(recipe.targets) or "all-linear",
        task_type="CAUSAL_LM",
    )
    torch.manual_seed(seed)
    try:
        return get_peft_model(model, config)
    except ValueError as error:
        raise ConfigurationError(
            f"adapters cannot be put into {type(model).__name__}: {error}",
            hint="give lora.targets the names of linear layers of the base, or leave it out",
        ) from error


def merged(model: Any, recipe: LoraRecipe, adapters: Mapping[str, torch.Tensor]) -> tuple[Any, Any]:
    """`model`, a base without adapters, with `adapters` added to its weights; and peft's view of it before that.

    `adapters` are by their names in a model that `add_adapters` has been through.
    """
    from copy import deepcopy

    view = add_adapters(model, recipe, seed=0)
    learned = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    assert learned.keys() == adapters.keys()
    with torch.no_grad():
        for name, weight in learned.items():
            weight.copy_(adapters[name])
    return deepcopy(view).merge_and_unload(), view


def save_adapter(view: Any, directory: Path, *, base: str) -> None:
    """Write the adapters in peft's format; `base` is the model that they were trained on, as peft will look it up.

    `directory` appears whole, in place of what stood there, or not at all. Raises StoreError.
    """
    view.peft_config["default"].base_model_name_or_path = base
    temporary = directory.with_name(f".{directory.name}.{os.getpid()}")
    try:
        for left in directory.parent.glob(f".{directory.name}.*"):  # by a process that was killed here
            shutil.rmtree(left)
        view.save_pretrained(temporary, safe_serialization=True)
        put_in_place(temporary, directory)
    except (OSError, SafetensorError) as error:  # the latter for a full disk too
        raise StoreError(
            f"the adapter cannot be written to {directory}: {error}",
            hint="make room, then run the same command again: it goes on where it was",
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
