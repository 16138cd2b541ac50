"""Students are loaded from safetensors alone and saved as they were stored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from support.tiny_student import tiny_student
from transformers import AutoModelForCausalLM, Gemma2Config, Gemma2ForCausalLM

from seedbed.errors import ConfigurationError, StoreError
from seedbed_training.learning.model import load_student, model_digest, save_student


def test_saved_unchanged_it_is_the_same_model(tmp_path: Path) -> None:
    base = tiny_student(tmp_path / "base")
    student = load_student(base)
    assert save_student(student, tmp_path / "saved") == student.digest == model_digest(tmp_path / "saved")


def test_a_base_of_16_bits_is_trained_in_32_and_stored_in_16(tmp_path: Path) -> None:
    base = tiny_student(tmp_path / "base")
    AutoModelForCausalLM.from_pretrained(base).to(torch.bfloat16).save_pretrained(base)
    student = load_student(base)
    assert {weight.dtype for weight in student.model.parameters()} == {torch.float32}
    save_student(student, tmp_path / "saved")
    assert {tensor.dtype for tensor in load_file(tmp_path / "saved" / "model.safetensors").values()} == {
        torch.bfloat16
    }
    assert json.loads((tmp_path / "saved" / "config.json").read_text())["dtype"] == "bfloat16"
    assert {weight.dtype for weight in student.model.parameters()} == {torch.float32}


def test_the_digest_covers_weights_and_template(tmp_path: Path) -> None:
    one = model_digest(tiny_student(tmp_path / "one"))
    assert one == model_digest(tiny_student(tmp_path / "same"))
    assert one != model_digest(tiny_student(tmp_path / "other", seed=1))
    template = tmp_path / "same" / "chat_template.jinja"
    template.write_text(template.read_text() + " ")
    assert one != model_digest(tmp_path / "same")


def test_what_stood_there_is_replaced_whole(tmp_path: Path) -> None:
    student = load_student(tiny_student(tmp_path / "base"))
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "old.safetensors").write_bytes(b"old")
    save_student(student, tmp_path / "saved")
    assert not (tmp_path / "saved" / "old.safetensors").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["base", "saved"]


def test_what_cannot_be_loaded_or_saved(tmp_path: Path) -> None:
    base = tiny_student(tmp_path / "base")
    student = load_student(base)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written"):
        save_student(student, tmp_path / "file" / "model")
    with pytest.raises(ConfigurationError, match="no model folder"):
        load_student(tmp_path / "nothing")
    weights = base / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(ConfigurationError, match="cannot be loaded"):
        load_student(base)
    weights.rename(base / "pytorch_model.bin")
    with pytest.raises(ConfigurationError, match="not a model"):
        load_student(base)


def test_scores_that_are_capped_are_computed_so(tmp_path: Path) -> None:
    """Gemma 2: the attention that transformers chooses by itself leaves the cap out, without a word."""
    base = tiny_student(tmp_path / "base")
    config = Gemma2Config(
        vocab_size=30,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        attn_logit_softcapping=0.1,
        initializer_range=0.5,
    )
    torch.manual_seed(0)
    Gemma2ForCausalLM(config).save_pretrained(base)
    ids = torch.arange(3, 12)[None]
    with torch.no_grad():
        found = load_student(base).model(input_ids=ids, use_cache=False).logits
        eager, chosen = (
            AutoModelForCausalLM.from_pretrained(base, attn_implementation=kind)(
                input_ids=ids, use_cache=False
            ).logits
            for kind in ("eager", None)
        )
    assert torch.equal(found, eager)
    assert (chosen - eager).abs().max() > 1e-2
