"""The loss and its gradient mean the same however a batch is cut: micro-batches, packing, padding, processes."""

from __future__ import annotations

import itertools
import weakref
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from support.ranks import in_ranks
from support.tiny_student import tiny_student, toy_samples
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import (
    AutoModelForCausalLM,
    GraniteConfig,
    GraniteForCausalLM,
    GraniteMoeHybridConfig,
    LlamaConfig,
    LlamaForCausalLM,
    MixtralConfig,
    MixtralForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from seedbed.errors import ConfigurationError
from seedbed_training.learning.attention import attend_inside_documents
from seedbed_training.learning.encode import EncodedSample, load_encoder
from seedbed_training.learning.loss import Batching, accumulate_gradients, answer_loss, not_in_loss
from seedbed_training.learning.packing import split_over_ranks
from seedbed_training.learning.sharding import shard, whole
from seedbed_training.learning.world import joined_world

PADDED, PACKED = Batching(64, packed=False), Batching(64, packed=True)


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_student(tmp_path_factory.mktemp("loss") / "student", hidden=32)


@pytest.fixture(scope="module")
def rows(student: Path) -> list[EncodedSample]:
    encoder = load_encoder(student)
    return [encoder.encode(sample) for sample in toy_samples(16).values()]


def load(student: Path, *, packed: bool = False) -> Any:
    model: Any = AutoModelForCausalLM.from_pretrained(student)
    if packed:
        attend_inside_documents(model)
    return model


def plain_loss(model: Any, row: EncodedSample) -> torch.Tensor:
    """The definition, one sample at a time: no padding, no chosen positions."""
    ids_T = torch.tensor(row.input_ids)
    logits_TV = model(input_ids=ids_T[None], use_cache=False).logits[0]
    start = row.loss_from
    return torch.nn.functional.cross_entropy(logits_TV[start - 1 : -1], ids_T[start:], reduction="sum")


def gradients(model: Any) -> dict[str, torch.Tensor]:
    return {name: whole(weight.grad).clone() for name, weight in model.named_parameters()}


@pytest.fixture(scope="module")
def expected(student: Path, rows: list[EncodedSample]) -> tuple[float, dict[str, torch.Tensor]]:
    model = load(student)
    loss = torch.stack([plain_loss(model, row) for row in rows]).sum() / sum(row.loss_tokens for row in rows)
    loss.backward()
    return loss.item(), gradients(model)


def same(
    found: tuple[float, dict[str, torch.Tensor]], expected: tuple[float, dict[str, torch.Tensor]]
) -> bool:
    return found[0] == pytest.approx(expected[0], abs=1e-6) and all(
        (found[1][name] - gradient).abs().max() <= 1e-6 for name, gradient in expected[1].items()
    )


def of_a_batch(
    student: Path, rows: list[EncodedSample], batching: Batching
) -> tuple[float, dict[str, torch.Tensor]]:
    """Loss and gradient of the rows, each process of the world computing its part."""
    model = load(student, packed=batching.packed)
    with joined_world() as world:
        if world.size > 1:
            shard(model, world, bf16=False)
        parts = split_over_ranks(rows, world.size)
        loss = accumulate_gradients(
            model,
            parts[world.rank],
            batching,
            loss_tokens=sum(row.loss_tokens for row in rows),
            passes=max(len(batching.cut(part)) for part in parts),
            ranks=world.size,
        )
        return world.sums([loss.item()])[0], gradients(model)


@pytest.mark.parametrize("packed", [False, True], ids=["padded", "packed"])
@pytest.mark.parametrize("tokens", [1, 30, 64, 10_000])
def test_the_same_batch_however_it_is_cut(
    student: Path,
    rows: list[EncodedSample],
    expected: tuple[float, dict[str, torch.Tensor]],
    tokens: int,
    packed: bool,
) -> None:
    batching = Batching(tokens, packed=packed, pad_id=3)
    passes = len(batching.cut(rows))
    assert passes == 16 if tokens == 1 else passes < 16
    if packed and tokens == 10_000:
        assert passes == 1
    assert same(of_a_batch(student, rows, batching), expected)


@pytest.mark.parametrize(("ranks", "samples"), [(2, 16), (2, 3), (3, 2)])
@pytest.mark.parametrize("packed", [False, True], ids=["padded", "packed"])
def test_the_same_batch_over_processes(
    student: Path, rows: list[EncodedSample], tmp_path: Path, ranks: int, samples: int, packed: bool
) -> None:
    """Three samples at 16 tokens a pass make an uneven number of passes; two samples leave a third process without."""
    few = rows[:samples]
    batching = Batching(16, packed=packed)
    alone = of_a_batch(student, few, batching)
    found = in_ranks(ranks, tmp_path, of_a_batch, student, few, batching)
    assert all(same(each, alone) for each in found)


def test_checkpointed_activations_change_nothing(
    student: Path, rows: list[EncodedSample], expected: tuple[float, dict[str, torch.Tensor]]
) -> None:
    model = load(student, packed=True)
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    model.train()
    tokens = sum(row.loss_tokens for row in rows)
    loss = accumulate_gradients(model, rows, PACKED, loss_tokens=tokens)
    assert same((loss.item(), gradients(model)), expected)


def test_what_fills_a_row_does_not_matter(student: Path, rows: list[EncodedSample]) -> None:
    model = load(student)
    one, other = (answer_loss(model, tuple(rows), Batching(64, packed=False, pad_id=pad)) for pad in (0, 7))
    assert torch.equal(one, other)


@pytest.mark.parametrize("packed", [False, True], ids=["padded", "packed"])
def test_a_token_without_an_embedding_is_named(student: Path, packed: bool) -> None:
    model = load(student, packed=packed)
    size = model.config.vocab_size
    fine, beyond = EncodedSample("fine", (1, size - 1), 1), EncodedSample("beyond", (1, size, 2), 1)
    batching = Batching(64, packed=packed)
    answer_loss(model, (fine,), batching)
    with pytest.raises(ConfigurationError, match=f"sample beyond has token {size} .* for {size} tokens"):
        answer_loss(model, (fine, beyond), batching)


class Casts(TorchDispatchMode):
    """Bytes of weights in bf16 that are there at once, at most."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self._shapes = {weight.shape for weight in model.parameters() if weight.ndim == 2}
        self._now = 0
        self.most = 0

    def __torch_dispatch__(self, operation: Any, _: Any, given: Any = (), named: Any = None) -> Any:
        found = operation(*given, **(named or {}))
        if "_to_copy" in str(operation) and found.dtype == torch.bfloat16 and found.shape in self._shapes:
            size = found.numel() * found.element_size()
            self._now += size
            self.most = max(self.most, self._now)
            weakref.finalize(found, self._gone, size)
        return found

    def _gone(self, size: int) -> None:
        self._now -= size


def test_with_activations_checkpointed_weights_are_cast_layer_by_layer() -> None:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=32,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=6,
        num_attention_heads=2,
        num_key_value_heads=2,
    )
    model: Any = LlamaForCausalLM(config).train()
    attend_inside_documents(model)
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    layer = 2 * sum(weight.numel() for weight in model.model.layers[0].parameters())
    head = 2 * model.lm_head.weight.numel()
    with Casts(model) as casts:
        batching = Batching(64, packed=True, autocast=True)
        answer_loss(model, (EncodedSample("a", (1, 2, 3), 1),), batching).backward()  # type: ignore[no-untyped-call]
    assert 0 < casts.most <= layer + head


def test_a_mixture_of_experts_is_told_what_its_loss_lacks() -> None:
    config = MixtralConfig(
        vocab_size=30,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        num_local_experts=2,
    )
    told = not_in_loss(MixtralForCausalLM(config))
    assert told is not None
    assert told.startswith("MixtralForCausalLM is a mixture of experts")
    dense = GraniteMoeHybridConfig(num_local_experts=0)  # has a weight for the loss of experts that it lacks
    assert not_in_loss(SimpleNamespace(config=dense)) is None
    assert not_in_loss(SimpleNamespace(config=GraniteConfig())) is None


def test_every_label_of_a_packed_row_is_predicted_from_its_own_document() -> None:
    rows = [EncodedSample("a", (1, 2, 3), 1), EncodedSample("b", (4, 5, 6, 7), 0)]
    given = PACKED.input(tuple(rows), "cpu")
    ids_T = given.reads["input_ids"][0].tolist()
    owners = [0, 0, 0, 1, 1, 1, 1]
    pairs = list(zip(given.chosen_N.tolist(), given.targets_N.tolist(), strict=True))
    assert (
        [ids_T[position + 1] for position, _ in pairs] == [target for _, target in pairs] == [2, 3, 5, 6, 7]
    )
    assert all(owners[position] == owners[position + 1] for position, _ in pairs)
    assert given.reads["position_ids"].tolist() == [[0, 1, 2, 0, 1, 2, 3]]
    assert "attention_mask" not in given.reads
    assert sum(row.loss_tokens for row in rows) == len(pairs)


def test_a_model_that_scales_its_logits() -> None:
    torch.manual_seed(0)
    config = GraniteConfig(
        vocab_size=30,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        logits_scaling=0.1,
        attention_multiplier=0.3,
    )
    check_both(GraniteForCausalLM(config))


def test_a_model_of_fewer_keys_than_queries_that_normalises_them() -> None:
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=30,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
    )
    check_both(Qwen3ForCausalLM(config))


def check_both(model: Any) -> None:
    lengths = (3, 4, 4, 9)
    tokens = itertools.cycle(range(1, 30))
    rows = tuple(
        EncodedSample(str(index), tuple(itertools.islice(tokens, length)), 2)
        for index, length in enumerate(lengths)
    )
    expected = sum(plain_loss(model, row).item() for row in rows)
    assert answer_loss(model, rows, PADDED).item() == pytest.approx(expected, abs=1e-5)
    attend_inside_documents(model)
    assert answer_loss(model, rows, PACKED).item() == pytest.approx(expected, abs=1e-5)
