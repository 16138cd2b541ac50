"""The real vLLM engine on a processor. `make test-vllm` runs this folder in an environment of its own."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from string import ascii_letters

import pytest
from support.engine_room import EngineRoom, vllm_room
from support.tiny_model import build_byte_model

if importlib.util.find_spec("vllm") is None:
    collect_ignore_glob = ["test_*.py"]

os.environ.setdefault("HF_HUB_OFFLINE", "1")

SANDBOX_TEACHER = Path(__file__).parents[2] / "training/sandbox/teacher"


@pytest.fixture(scope="session")
def byte_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of random weights that writes any text, and spells YES and NO in several ways.

    It ends a text or a JSON string by chance alone, so many tokens do: most answers are whole, and can be judged.
    """
    ends_of_strings = [(letter, '"') for letter in ascii_letters]
    return build_byte_model(
        tmp_path_factory.mktemp("models") / "bytes",
        merges=[("Y", "E"), ("YE", "S"), ("N", "O"), *ends_of_strings],
        hidden=64,
        context=4096,
        ends=16,
    )


@pytest.fixture(scope="session")
def engine(byte_model: Path) -> Iterator[EngineRoom]:
    """The engine in this process, on `byte_model`: for every test until the last one of `test_engine.py`, which kills it.

    One start takes 20 s on idle cores, so test_cluster.py, which comes before, has this one too.
    """
    with vllm_room(byte_model, concurrency=64) as room:
        yield room
