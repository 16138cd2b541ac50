"""The real vLLM engine on a processor. `make test-vllm` runs this folder in an environment of its own."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.engine_room import EngineRoom, vllm_room
from support.tiny_model import build_byte_model

if importlib.util.find_spec("vllm") is None:
    collect_ignore_glob = ["test_*.py"]

os.environ.setdefault("HF_HUB_OFFLINE", "1")

SANDBOX_TEACHER = Path(__file__).parents[2] / "training/sandbox/teacher"


@pytest.fixture(scope="session")
def byte_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of random weights that writes any text, and spells YES and NO in several ways."""
    return build_byte_model(
        tmp_path_factory.mktemp("models") / "bytes",
        merges=[("Y", "E"), ("YE", "S"), ("N", "O")],
        hidden=64,
        context=4096,
    )


@pytest.fixture(scope="module")
def engine(byte_model: Path) -> Iterator[EngineRoom]:
    """The engine in this process, on `byte_model`."""
    with vllm_room(byte_model, concurrency=64) as room:
        yield room
