"""Shapes of architectures that call the same things by other names, or that have no attention or layers to be told apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoConfig

from seedbed_training.learning.meta_model import build_on_meta

LLAMA = {"hidden_size": 16, "intermediate_size": 40, "num_hidden_layers": 3, "num_attention_heads": 2}
GPT2 = {"n_embd": 16, "n_layer": 3, "n_head": 2, "n_positions": 64}
OPT = {
    "hidden_size": 16,
    "ffn_dim": 40,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "max_position_embeddings": 64,
    "word_embed_proj_dim": 16,
}
BLOOM = {"hidden_size": 16, "n_layer": 3, "n_head": 2}
MPT = {"d_model": 16, "n_layers": 3, "n_heads": 2, "max_seq_len": 64}
MAMBA2 = {
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_heads": 4,
    "head_dim": 8,
    "state_size": 4,
    "n_groups": 1,
}


@pytest.mark.parametrize(
    ("kind", "settings", "feed_forward", "key_width", "context"),
    [
        ("llama", {**LLAMA, "max_position_embeddings": 64}, 40, 16, 64),
        ("llama", {**LLAMA, "num_key_value_heads": 1, "max_position_embeddings": 64}, 40, 8, 64),
        ("gpt2", GPT2, 64, 16, 64),
        ("opt", OPT, 40, 16, 64),
        ("bloom", BLOOM, 64, 16, 1 << 30),
        ("mpt", MPT, 64, 16, 64),
        ("mamba2", MAMBA2, 64, 32, 1 << 30),
    ],
)
def test_shapes(
    kind: str, settings: dict[str, Any], feed_forward: int, key_width: int, context: int, tmp_path: Path
) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(AutoConfig.for_model(kind, vocab_size=30, **settings).to_dict()))
    shape = build_on_meta(path, name=kind)
    assert (shape.layers, shape.hidden, shape.vocabulary) == (3, 16, 30)
    assert (shape.feed_forward, shape.key_width, shape.context) == (feed_forward, key_width, context)
    assert shape.parameters == 3 * shape.layer_parameters + shape.outer_parameters
    assert shape.outer_parameters >= 30 * 16
