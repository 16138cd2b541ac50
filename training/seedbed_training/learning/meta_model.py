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
        from seedbed_training.learning.sharding import layers_of
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
    layers = [sum(weight.numel() for weight in layer.parameters()) for layer in layers_of(model)]
    total = sum(weight.numel() for weight in model.parameters())
    config = config.get_text_config()
    hidden = _first_of(config, "hidden_size", "n_embd", "d_model")
    heads = _first_of(config, "num_attention_heads", "num_heads") or 1
    width = _first_of(config, "head_dim") or hidden // heads
    trained = None
    if lora is not None:
        with torch.device("meta"):
            add_adapters(model, lora, seed=0)
        trained = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    return ModelShape(
        name=name,
        parameters=total,
        layer_parameters=max(layers, default=total),  # layers that cannot be told apart are one
        outer_parameters=total - sum(layers) if layers else 0,
        layers=len(layers) or 1,
        hidden=hidden,
        feed_forward=_first_of(config, "intermediate_size", "ffn_dim", "n_inner") or 4 * hidden,
        key_width=(_first_of(config, "num_key_value_heads") or heads) * width,
        vocabulary=config.vocab_size,
        context=_first_of(config, "max_position_embeddings", "max_seq_len") or 1 << 30,
        trained=trained,
    )


def _first_of(config: Any, *names: str) -> int:
    """The first figure that the configuration has under these names, by which architectures call the same; else 0."""
    return next((int(found) for name in names if (found := getattr(config, name, None))), 0)
