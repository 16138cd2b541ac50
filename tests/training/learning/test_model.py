"""Students are loaded from safetensors alone and saved as they were stored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from support.tiny_student import tiny_student
from transformers import AutoModelForCausalLM

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
