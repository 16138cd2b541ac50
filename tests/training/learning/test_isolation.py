"""A model that packed rows would teach otherwise than its documents one by one is refused before it is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from support.ranks import in_ranks
from support.tiny_student import tiny_student
from transformers import AutoConfig, AutoModelForCausalLM

from seedbed.errors import ConfigurationError
from seedbed_training.learning.attention import NAME, attend_inside_documents
from seedbed_training.learning.isolation import check_attention, check_isolation
from seedbed_training.learning.sharding import shard
from seedbed_training.learning.world import joined_world

PADDED = "set batching: padded in the recipe"
TINY: dict[str, Any] = {
    "vocab_size": 30,
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 8,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
TWO_EXPERTS = {"num_local_experts": 2, "num_experts_per_tok": 1}


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_student(tmp_path_factory.mktemp("isolation") / "student")


def loaded(student: Path) -> Any:
    model: Any = AutoModelForCausalLM.from_pretrained(student).train()
    attend_inside_documents(model)
    return model


def built(kind: str, **settings: Any) -> Any:
    """A model of any architecture, its weights large enough for its attention to matter."""
    torch.manual_seed(0)
    model: Any = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **TINY, **settings))
    with torch.no_grad():
        for weight in model.parameters():
            weight.normal_(0, 0.5) if weight.ndim > 1 else weight.add_(torch.randn_like(weight) * 0.1)
    attend_inside_documents(model)
    return model


def test_a_model_that_promises_it_is_left_as_it_was(student: Path) -> None:
    model = loaded(student)
    check_attention(model, max_tokens=64)
    check_isolation(model)
    check_isolation(model, autocast=True)
    assert model.training
    assert model.config._attn_implementation == NAME


@pytest.mark.parametrize("autocast", [False, True], ids=["fp32", "bf16"])
def test_a_layer_that_mixes_tokens_besides_attention(student: Path, autocast: bool) -> None:
    model = loaded(student)
    model.model.layers[1].mlp.register_forward_hook(
        lambda _, inputs, output: output + inputs[0].cumsum(1),
    )
    with pytest.raises(ConfigurationError, match="mix the tokens of different documents"):
        check_isolation(model, autocast=autocast)
    assert model.training


@pytest.mark.parametrize(
    ("kind", "settings", "needs"),
    [
        ("gemma2", {}, "softcap"),
        ("gpt_oss", TWO_EXPERTS, "s_aux"),
        ("granite_swa", {}, "s_aux"),
    ],
)
def test_architectures_whose_attention_does_more(kind: str, settings: dict[str, Any], needs: str) -> None:
    with pytest.raises(ConfigurationError, match=f"its attention needs {needs}") as caught:
        check_attention(built(kind, **settings), max_tokens=5)
    assert caught.value.hint == PADDED


def test_what_no_name_tells_of_is_seen_in_what_the_model_says(student: Path) -> None:
    """A layer that hands its attention something of a name that nobody here knows, which only its own one reads."""
    model = loaded(student)

    def steeper(_: object, inputs: tuple[Any, ...], named: dict[str, Any]) -> None:
        if model.config._attn_implementation == "eager":
            named["hidden_states"] = 3.0 * named["hidden_states"].cumsum(-1)

    for layer in model.model.layers:
        layer.self_attn.register_forward_pre_hook(steeper, with_kwargs=True)
    with pytest.raises(ConfigurationError, match="its own attention computes something else") as caught:
        check_attention(model, max_tokens=64)
    assert caught.value.hint == PADDED


def test_layers_that_see_a_few_tokens_at_a_time_and_do_not_say_so() -> None:
    """Llama 4's chunks and the window of Phi's mixture are known to their masks alone."""
    chunked = {"attention_chunk_size": 4, "intermediate_size_mlp": 32, "interleave_moe_layer_step": 2}
    llama = built("llama4_text", **chunked, **TWO_EXPERTS, layer_types=["chunked_attention"] * 2)
    phi = built("phimoe", num_local_experts=2, sliding_window=6)
    for model, reach in ((llama, 4), (phi, 6)):
        check_attention(model, max_tokens=reach)
        with pytest.raises(
            ConfigurationError, match=f"max_tokens is {reach + 1}, .* read {reach} tokens"
        ) as caught:
            check_attention(model, max_tokens=reach + 1)
        assert caught.value.hint == f"set max_tokens: {reach} or less, or batching: padded in the recipe"


@pytest.mark.parametrize("kind", ["mistral", "gemma3_text", "cohere2", "qwen2"])
def test_layers_that_tell_their_attention_of_a_window_are_held_to_it(kind: str) -> None:
    """qwen2 has a figure for a window that it does not use."""
    check_attention(built(kind, sliding_window=4), max_tokens=64)


@pytest.mark.parametrize("kind", ["mamba2", "jamba"])
def test_models_with_state_spaces(kind: str) -> None:
    settings: dict[str, Any] = {"num_experts": 1, "mamba_d_state": 4, "use_mamba_kernels": False}
    if kind == "mamba2":
        settings = {"num_heads": 4, "state_size": 4, "n_groups": 1, "chunk_size": 4}
    model = built(kind, **settings)
    with pytest.raises(ConfigurationError, match="mix the tokens of different documents"):
        check_isolation(model)


def test_a_model_whose_attention_cannot_be_replaced() -> None:
    with pytest.raises(ConfigurationError, match="its attention cannot be replaced"):
        built("gpt_neo", attention_types=[[["global"], 2]], num_layers=2, num_heads=2)


def test_weights_that_are_cut_over_processes_are_so_again(student: Path, tmp_path: Path) -> None:
    """A pass without gradients leaves the outermost weights whole; what is loaded next would not reach them."""
    assert in_ranks(2, tmp_path, weights_after_the_check, student) == [True, True]


def weights_after_the_check(student: Path) -> bool:
    from torch.distributed.tensor import DTensor

    model = loaded(student)
    with joined_world() as world:
        shard(model, world, bf16=True)
        check_isolation(model)
        return all(isinstance(weight, DTensor) for weight in model.parameters())
