"""Adapters: trained alone, merged into a whole model, kept beside it when asked for."""

from __future__ import annotations

import itertools
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from support.full_at_write import full_at_write
from support.tiny_student import tiny_student, toy_plan, toy_recipe, toy_samples
from transformers import AutoModelForCausalLM

from seedbed.errors import ConfigurationError, MissingExtraError, StoreError
from seedbed_training.learning.model import learned_tensors, load_student
from seedbed_training.learning.train import train
from seedbed_training.planning.recipe import LoraRecipe

peft = pytest.importorskip("peft")
EVERY = int(os.environ.get("SEEDBED_EVERY_WRITE", "5"))
"""Of the writes of a run, each how-manieth is made to fail; 1 for all of them."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_student(tmp_path_factory.mktemp("lora") / "base")


def run(base: Path, directory: Path, recipe: LoraRecipe) -> Path:
    samples = toy_samples(6)
    plan = toy_plan((samples, samples), steps=(3, 2), recipe=toy_recipe(lora=recipe, checkpoint_steps=2))
    return train(plan, samples, base=base, run_directory=directory).model


def logits(model: Any) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model.eval()(input_ids=torch.arange(4, 14)[None]).logits
    return found


def test_the_merged_model_is_the_base_with_its_adapter(base: Path, tmp_path: Path) -> None:
    merged: Any = AutoModelForCausalLM.from_pretrained(
        run(base, tmp_path, LoraRecipe(4, 8.0, keep_adapter=True))
    )
    plain: Any = AutoModelForCausalLM.from_pretrained(base)
    assert (logits(merged) - logits(plain)).abs().max() > 1e-3
    adapted = peft.PeftModel.from_pretrained(plain, tmp_path / "adapter")
    assert (logits(adapted) - logits(merged)).abs().max() < 1e-4
    settings = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text())
    assert settings["base_model_name_or_path"] == str(base)
    assert (settings["r"], settings["lora_alpha"]) == (4, 8.0)


def test_checkpoints_hold_the_adapters_alone(base: Path, tmp_path: Path) -> None:
    run(base, tmp_path, LoraRecipe(2, 4.0, targets=("q_proj",)))
    names = load_file(tmp_path / "checkpoints" / "skills-2" / "model.safetensors").keys()
    assert len(names) == 4  # two matrices in each of two layers
    assert all("q_proj.lora_" in name for name in names)
    assert not (tmp_path / "adapter").exists()
    before, after = (load_file(folder / "model.safetensors") for folder in (base, tmp_path / "model"))
    changed = {name for name, weight in before.items() if not torch.equal(weight, after[name])}
    assert changed == {f"model.layers.{layer}.self_attn.q_proj.weight" for layer in (0, 1)}


def test_all_weights_are_learned_without(base: Path) -> None:
    student = load_student(base)
    assert learned_tensors(student.model).keys() == load_file(base / "model.safetensors").keys()


def test_a_disk_that_is_full_at_any_write(base: Path, tmp_path: Path) -> None:
    """The adapter is whole or not there, and no failure is told in words of Python's."""
    refused = 0
    for number in itertools.count(1, EVERY):
        directory = tmp_path / str(number)
        with full_at_write(number) as failed:
            try:
                run(base, directory, LoraRecipe(2, 4.0, keep_adapter=True))
            except StoreError as error:
                refused += 1
                assert "No space left on device" in error.message
            if not failed():
                break
        if (directory / "adapter").exists():
            assert {path.name for path in (directory / "adapter").iterdir()} >= {
                "adapter_config.json",
                "adapter_model.safetensors",
            }
    assert refused > 5


def test_an_adapter_is_replaced_whole(base: Path, tmp_path: Path) -> None:
    recipe = LoraRecipe(2, 4.0, keep_adapter=True)
    run(base, tmp_path, recipe)
    (tmp_path / "adapter" / "left by an older run").write_text("")
    (tmp_path / ".adapter.999").mkdir()
    (tmp_path / "training.json").unlink()  # as if the run had been killed after it
    run(base, tmp_path, recipe)
    assert not (tmp_path / "adapter" / "left by an older run").exists()
    assert not list(tmp_path.glob(".adapter*"))


def test_layers_that_are_not_there(base: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="adapters cannot be put into LlamaForCausalLM") as caught:
        run(base, tmp_path, LoraRecipe(2, 4.0, targets=("query",)))
    assert "lora.targets" in str(caught.value.hint)


def test_without_peft(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(MissingExtraError, match="LoRA"):
        run(base, tmp_path, LoraRecipe(2, 4.0))
