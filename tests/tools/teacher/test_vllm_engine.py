"""Without vLLM; the real engine is tested in tests/vllm_cpu."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from seedbed.errors import MissingExtraError, install_command
from seedbed.teacher.vllm_engine import load_vllm_teacher

INSTALLED = importlib.util.find_spec("vllm") is not None


@pytest.mark.skipif(INSTALLED, reason="vLLM is installed")
def test_without_vllm_the_line_that_installs_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingExtraError) as raised:
        load_vllm_teacher(str(tmp_path))
    assert raised.value.hint == install_command("vllm")
