"""A model built without a byte of memory, on torch's meta device: proof that it builds, and what it counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from seedbed.bundled_files import bundled_file
from seedbed.errors import ConfigurationError, MissingExtraError
from seedbed_training.planning.memory import ModelShape
from seedbed_training.planning.recipe import LoraRecipe

SHAPES = "training/recipes/models"


def find_shape(base_model: str) -> Path:
    """The configuration of a base model: its folder's, the sandbox student's, or the published one shipped here.

    Raises ConfigurationError when none is at hand; nothing is downloaded.
    """
    if base_model == "sandbox":
        return bundled_file("training/sandbox/student/config.json")
    local = Path(base_model) / "config.json"
    if local.is_file():
        return local
    shipped = bundled_file(f"{SHAPES}/{base_model.replace('/', '--')}.json")
    if shipped.is_file():
        return shipped
    known = sorted(path.stem.replace("--", "/") for path in bundled_file(SHAPES).glob("*.json"))
    raise ConfigurationError(
        f"the shape of {base_model!r} is not known here, and a dry run downloads nothing",
        hint=f"let base_model be a local folder with a config.json, or one of: sandbox, {', '.join(known)}",
    )


def build_on_meta(path: Path, *, name: str, lora: LoraRecipe | None = None) -> ModelShape:
    """Build the model that the configuration at `path` describes, weights and all but their memory.

    With `lora` its adapters are put in too, and counted as what is trained. Raises ConfigurationError when transformers cannot build it, MissingExtraError without transformers.
    """
    try:
        import torch
        from transformers import AutoConfig, AutoModelForCausalLM

        from seedbed_training.learning.lora import add_adapters  # brings torch
    except ImportError as error:
        raise MissingExtraError("a dry run", "train", error.name or "transformers") from error
    try:
        fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        config: Any = AutoConfig.for_model(**fields)
        causal: Any = AutoModelForCausalLM  # its methods have no annotations
        with torch.device("meta"):
            model: Any = causal.from_config(config)
    except (KeyError, TypeError, ValueError, OSError, AttributeError) as error:
        raise ConfigurationError(
            f"{name} cannot be built from {path}: {type(error).__name__}: {error}",
            hint="it must be the config.json of a causal language model that transformers knows",
        ) from error
    layers = [sum(weight.numel() for weight in layer.parameters()) for layer in model.get_decoder().layers]
    total = sum(weight.numel() for weight in model.parameters())
    heads = config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // heads
    trained = None
    if lora is not None:
        with torch.device("meta"):
            add_adapters(model, lora, seed=0)
        trained = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    return ModelShape(
        name=name,
        parameters=total,
        layer_parameters=max(layers),
        outer_parameters=total - sum(layers),
        layers=len(layers),
        hidden=config.hidden_size,
        feed_forward=config.intermediate_size,
        key_width=(getattr(config, "num_key_value_heads", None) or heads) * width,
        vocabulary=config.vocab_size,
        context=config.max_position_embeddings,
        trained=trained,
    )
