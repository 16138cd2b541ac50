"""Documents of a packed row never see one another, and what a layer asks for is computed or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tiny_student import tiny_student
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from transformers import AutoModelForCausalLM, MistralConfig, MistralForCausalLM

from seedbed.errors import ConfigurationError
from seedbed_training.learning import attention
from seedbed_training.learning.attention import (
    NAME,
    Documents,
    attend_inside_documents,
    documents_attention,
)


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_student(tmp_path_factory.mktemp("attention") / "student")


def masked(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    lengths: list[int],
    near: torch.Tensor | None = None,
) -> torch.Tensor:
    """The reference: a dense mask, causal inside each document, and `near` where that is given."""
    owner = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
    mask = (owner[:, None] == owner[None, :]).tril()
    if near is not None:
        mask &= near
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


@settings(deadline=None, max_examples=25)
@given(
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=6).map(sorted),
    window=st.integers(1, 14),
)
def test_a_sliding_window_is_kept_to(lengths: list[int], window: int) -> None:
    torch.manual_seed(window)
    tokens = sum(lengths)
    query, key, value = (torch.randn(1, 2, tokens, 8) for _ in range(3))
    found, _ = documents_attention(
        torch.nn.Module(), query, key, value, None, documents=Documents.of(lengths), sliding_window=window
    )
    places = torch.arange(tokens)
    near = places[:, None] - places[None, :] < window
    assert (found - masked(query, key, value, lengths, near)).abs().max() <= 1e-6


@pytest.mark.parametrize("window", [None, 4, 9], ids=["all", "window", "long window"])
def test_a_window_means_what_transformers_means(window: int | None) -> None:
    torch.manual_seed(0)
    config = MistralConfig(
        vocab_size=20, hidden_size=8, intermediate_size=8, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, sliding_window=window, initializer_range=1.0,
    )  # fmt: skip
    model: Any = MistralForCausalLM(config).eval()
    first, second = torch.arange(3, 7)[None], torch.arange(4, 13)[None]
    with torch.no_grad():
        alone = [model(input_ids=ids, use_cache=False).logits for ids in (first, second)]
        attend_inside_documents(model)
        packed = model(
            input_ids=torch.cat([first, second], 1),
            position_ids=torch.tensor([[*range(4), *range(9)]]),
            documents=Documents.of([4, 9]),
            use_cache=False,
        ).logits
    assert (packed - torch.cat(alone, 1)).abs().max() < 1e-4


@pytest.mark.parametrize("name", ["softcap", "s_aux", "position_bias", "indices", "block_indices"])
def test_what_it_does_not_compute_is_refused(name: str) -> None:
    heads = torch.randn(1, 1, 3, 8)
    documents = Documents.of([3])
    asked: dict[str, Any] = {name: None}
    documents_attention(torch.nn.Module(), heads, heads, heads, None, documents=documents, **asked)
    asked[name] = torch.ones(1)
    with pytest.raises(ConfigurationError, match=f"its attention needs {name}") as caught:
        documents_attention(torch.nn.Module(), heads, heads, heads, None, documents=documents, **asked)
    assert caught.value.hint == "set batching: padded in the recipe"


class OnAGpu:
    """Tensors without values that torch takes for a GPU's: types, shapes and kernels are chosen as there."""

    def __init__(self) -> None:
        self.mode = FakeTensorMode()

    def tensor(self, *shape: int, kind: torch.dtype) -> torch.Tensor:
        empty = torch.empty(*shape, dtype=kind, device="meta")
        return FakeTensor(self.mode, empty, torch.device("cuda:0"))


@pytest.mark.parametrize(
    ("width", "dropout", "kernel"),
    [(64, 0.0, "_varlen"), (256, 0.0, "_varlen"), (12, 0.0, "_by_length"), (64, 0.1, "_by_length")],
)
def test_under_autocast_a_gpu_gets_heads_of_one_type(
    width: int, dropout: float, kernel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Llama hands them on in bf16: queries and keys were turned in fp32, values were not."""
    chosen: list[tuple[str, list[torch.dtype]]] = []

    def note(name: str) -> Any:
        compute = getattr(attention, name)

        def noted(*given: Any) -> Any:
            chosen.append((name, [tensor.dtype for tensor in given[:3]]))
            return compute(*given)

        return noted

    for name in ("_varlen", "_by_length"):
        monkeypatch.setattr(attention, name, note(name))
    # Of the operations used it alone asks torch for a driver, which a build for CPUs has not.
    monkeypatch.setattr(FakeTensor, "contiguous", FakeTensor.clone, raising=False)
    gpu = OnAGpu()
    turned, key = (gpu.tensor(1, heads, 5, width, kind=torch.float32) for heads in (4, 2))
    value = gpu.tensor(1, 2, 5, width, kind=torch.bfloat16)
    with gpu.mode:
        documents = Documents((2, 3), gpu.tensor(3, kind=torch.int32))
    before = torch.is_autocast_enabled("cuda"), torch.get_autocast_dtype("cuda")
    torch.set_autocast_enabled("cuda", True)
    torch.set_autocast_dtype("cuda", torch.bfloat16)
    try:
        with gpu.mode, torch.no_grad():
            found, _ = documents_attention(
                torch.nn.Module(), turned, key, value, None, documents=documents, dropout=dropout
            )
    finally:
        torch.set_autocast_enabled("cuda", before[0])
        torch.set_autocast_dtype("cuda", before[1])
    assert chosen == [(kernel, [torch.bfloat16] * 3)]
    assert (found.shape, found.dtype) == ((1, 5, 4, width), torch.bfloat16)


def test_llama_hands_on_heads_of_two_types_under_autocast(
    student: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Why heads are cast: what the test above begins with is what transformers gives."""
    kinds: list[torch.dtype] = []

    def noted(module: Any, query: Any, key: Any, value: Any, *given: Any, **named: Any) -> Any:
        kinds.extend(tensor.dtype for tensor in (query, key, value))
        return documents_attention(module, query, key, value, *given, **named)

    model: Any = AutoModelForCausalLM.from_pretrained(student)
    monkeypatch.setattr(attention, "documents_attention", noted)
    attend_inside_documents(model)
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        model(input_ids=torch.tensor([[5, 6, 7]]), documents=Documents.of([3]), use_cache=False)
    assert kinds[:3] == [torch.float32, torch.float32, torch.bfloat16]
