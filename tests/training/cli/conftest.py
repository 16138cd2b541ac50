"""A small taxonomy to release from, and the model that its first release starts from."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.garden import WORDS, Garden, planted_garden
from support.tiny_model import build_tiny_model


@pytest.fixture(scope="session")
def base_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_model(tmp_path_factory.mktemp("models") / "base", words=WORDS)


@pytest.fixture
def garden(tmp_path: Path, base_model: Path) -> Garden:
    return planted_garden(tmp_path / "garden", base_model)
