"""Documents of a packed row never see one another, and a model that cannot promise it is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tiny_student import tiny_student
from transformers import (
    AutoModelForCausalLM,
    Mamba2Config,
    Mamba2ForCausalLM,
    MistralConfig,
    MistralForCausalLM,
)

from seedbed.errors import ConfigurationError
from seedbed_training.learning.attention import (
    NAME,
    Documents,
    attend_inside_documents,
    check_isolation,
    documents_attention,
)


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_student(tmp_path_factory.mktemp("attention") / "student")


def masked(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, lengths: list[int]) -> torch.Tensor:
    """The reference: a dense mask, causal inside each document."""
    owner = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
    mask = (owner[:, None] == owner[None, :]).tril()
    attended = torch.nn.functional.scaled_dot_product_attention(query, key, value, mask, enable_gqa=True)
    return attended.transpose(1, 2)


@settings(deadline=None, max_examples=25)
@given(
    lengths=st.lists(st.integers(1, 9), min_size=1, max_size=8).map(sorted),
    groups=st.sampled_from([1, 2]),
    kind=st.sampled_from([torch.float32, torch.bfloat16]),
)
def test_as_a_dense_mask_would(lengths: list[int], groups: int, kind: torch.dtype) -> None:
    torch.manual_seed(sum(lengths))
    tokens = sum(lengths)
    heads = (torch.randn(1, count, tokens, 8, requires_grad=True) for count in (4, 4 // groups, 4 // groups))
    query, key, value = (tensor.to(kind).detach().requires_grad_() for tensor in heads)
    found, _ = documents_attention(
        torch.nn.Module(), query, key, value, None, documents=Documents.of(lengths)
    )
    assert found.shape == (1, tokens, 4, 8)
    assert found.dtype == kind
    exact = [tensor.detach().float().requires_grad_() for tensor in (query, key, value)]
    expected = masked(*exact, lengths)
    tolerance = 1e-6 if kind == torch.float32 else 2e-2
    assert (found - expected).abs().max() <= tolerance
    found.float().square().sum().backward()
    expected.square().sum().backward()
    for tensor, reference in zip((query, key, value), exact, strict=True):
        assert tensor.grad is not None
        assert reference.grad is not None
        assert (tensor.grad - reference.grad).abs().max() <= 10 * tolerance


def test_transformers_own_detection_is_silent_when_given_a_mask(student: Path) -> None:
    """Why the attention function is ours: with a mask of ones, as collators pass, documents read one another."""
    model: Any = AutoModelForCausalLM.from_pretrained(student).eval()
    ids = torch.tensor([[5, 6, 7, 8, 9, 10, 11]])
    positions = torch.tensor([[0, 1, 2, 0, 1, 2, 3]])
    with torch.no_grad():
        alone = model(input_ids=ids[:, 3:], use_cache=False).logits
        theirs = model(
            input_ids=ids, position_ids=positions, attention_mask=torch.ones_like(ids), use_cache=False
        ).logits[:, 3:]
        attend_inside_documents(model)
        ours = model(
            input_ids=ids, position_ids=positions, documents=Documents.of((3, 4)), use_cache=False
        ).logits
    assert (theirs - alone).abs().max() > 1e-2
    assert (ours[:, 3:] - alone).abs().max() < 1e-5


def test_without_word_of_the_documents_it_refuses(student: Path) -> None:
    model: Any = AutoModelForCausalLM.from_pretrained(student)
    attend_inside_documents(model)
    assert model.config._attn_implementation == NAME
    ids = torch.tensor([[5, 6, 7]])
    with pytest.raises(ConfigurationError, match="do not hand on where documents lie") as caught:
        model(input_ids=ids, use_cache=False)
    assert caught.value.hint == "set batching: padded in the recipe"
    mask = torch.ones(1, 1, 3, 3, dtype=torch.bool)
    with pytest.raises(ConfigurationError, match="do not hand on"):
        model(input_ids=ids, attention_mask=mask, documents=Documents.of([3]), use_cache=False)
    with pytest.raises(ConfigurationError, match="change the row's shape"):
        model(input_ids=ids, documents=Documents.of([2]), use_cache=False)


def test_a_sliding_window_shorter_than_a_document_is_refused() -> None:
    config = MistralConfig(
        vocab_size=20, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=1, sliding_window=4,
    )  # fmt: skip
    model: Any = MistralForCausalLM(config)
    attend_inside_documents(model)
    ids = torch.arange(9)[None]
    model(input_ids=ids, documents=Documents.of([2, 3, 4]), use_cache=False)
    with pytest.raises(ConfigurationError, match="a document of 5 tokens is longer than its window of 4"):
        model(input_ids=ids, documents=Documents.of([4, 5]), use_cache=False)


def test_isolation_is_shown_on_the_model_itself(student: Path) -> None:
    model: Any = AutoModelForCausalLM.from_pretrained(student).train()
    attend_inside_documents(model)
    check_isolation(model, vocabulary=model.config.vocab_size)
    assert model.training
    model.model.layers[1].mlp.register_forward_hook(
        lambda _, inputs, output: output + inputs[0].cumsum(1)  # a layer that mixes tokens besides attention
    )
    with pytest.raises(ConfigurationError, match="mix the tokens of different documents"):
        check_isolation(model, vocabulary=model.config.vocab_size)


def test_a_model_without_attention_is_refused() -> None:
    config = Mamba2Config(
        vocab_size=20, hidden_size=16, num_hidden_layers=1, num_heads=4, head_dim=8, state_size=4, n_groups=1,
        chunk_size=4,
    )  # fmt: skip
    model: Any = Mamba2ForCausalLM(config)
    with pytest.raises((ConfigurationError, TypeError)):
        attend_inside_documents(model)
        check_isolation(model, vocabulary=20)
