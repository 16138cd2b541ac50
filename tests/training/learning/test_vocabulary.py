"""Tokenizers that know tokens for which the model has no embedding."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.tiny_student import tiny_student, toy_plan, toy_recipe, toy_samples
from transformers import AutoTokenizer

from seedbed.errors import ConfigurationError
from seedbed_training.learning.losses import answer_losses
from seedbed_training.learning.train import train


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return tiny_student(tmp_path / "base")


def test_one_that_only_fills_rows_is_never_read(base: Path, tmp_path: Path) -> None:
    tokenizer: Any = AutoTokenizer.from_pretrained(base)
    size = len(tokenizer)
    tokenizer.add_special_tokens({"pad_token": "[PAD]"})
    tokenizer.save_pretrained(base)
    assert tokenizer.pad_token_id == size
    samples = toy_samples(6)
    assert answer_losses(base, samples).keys() == samples.keys()
    recipe = replace(toy_recipe(), phases=toy_recipe().phases[1:], batching="padded")
    train(toy_plan((samples,), steps=(1,), recipe=recipe), samples, base=base, run_directory=tmp_path / "run")


@pytest.mark.parametrize("batching", ["packed", "padded"])
def test_one_that_is_read_is_named_with_its_sample(base: Path, tmp_path: Path, batching: str) -> None:
    tokenizer: Any = AutoTokenizer.from_pretrained(base)
    size = len(tokenizer)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|human|>"]})
    tokenizer.chat_template = "<|human|>" + tokenizer.chat_template
    tokenizer.save_pretrained(base)
    samples = toy_samples(4)
    recipe = replace(toy_recipe(), phases=toy_recipe().phases[1:], batching=batching)
    plan = toy_plan((samples,), steps=(1,), recipe=recipe)
    with pytest.raises(ConfigurationError, match=f"has token {size} of the tokenizer") as caught:
        train(plan, samples, base=base, run_directory=tmp_path / "run")
    assert any(identity in caught.value.message for identity in samples)
    assert "resize_token_embeddings" in (caught.value.hint or "")
