"""Layers compiled by torch.compile: as the plain ones, and refused in words where there is no compiler."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from support.tiny_student import tiny_student, toy_plan, toy_recipe, toy_samples

from seedbed.errors import ConfigurationError
from seedbed.generation.sample import Sample
from seedbed_training.learning.train import train
from seedbed_training.planning.plan import TrainingPlan


def planned(*, compiled: bool, batching: str = "packed") -> tuple[TrainingPlan, dict[str, Sample]]:
    samples = toy_samples(6)
    recipe = replace(toy_recipe(), phases=toy_recipe().phases[1:], compile=compiled, batching=batching)
    return toy_plan((samples,), steps=(3,), recipe=recipe), samples


def test_without_a_compiler_the_run_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch._inductor.config

    inductor: Any = torch._inductor.config
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))
    plan, samples = planned(compiled=True)
    missing = str(tmp_path / "c++")
    with (
        inductor.patch({"cpp.cxx": (None, missing), "fx_graph_cache": False}),
        pytest.raises(ConfigurationError, match="layers cannot be compiled on this machine") as caught,
    ):
        train(plan, samples, base=tiny_student(tmp_path / "base"), run_directory=tmp_path / "run")
    assert missing in caught.value.message
    assert "compile: false" in (caught.value.hint or "")
    torch._dynamo.reset()  # type: ignore[no-untyped-call]


@pytest.mark.skipif(
    "SEEDBED_TEST_COMPILE" not in os.environ, reason="a minute of compiling: SEEDBED_TEST_COMPILE=1"
)
@pytest.mark.parametrize("batching", ["packed", "padded"])
def test_compiled_layers_learn_the_same(batching: str, tmp_path: Path) -> None:
    base = tiny_student(tmp_path / "base")
    weights = []
    for compiled in (False, True):
        run = tmp_path / str(compiled)
        plan, samples = planned(compiled=compiled, batching=batching)
        train(plan, samples, base=base, run_directory=run)
        weights.append(load_file(run / "model" / "model.safetensors"))
    plain, fused = weights
    assert all(torch.allclose(plain[name], fused[name], atol=1e-5) for name in plain)
    assert any(not torch.equal(plain[name], load_file(base / "model.safetensors")[name]) for name in plain)
