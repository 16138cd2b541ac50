"""What the workflows install by digest is what pyproject.toml asks for, and nothing without a digest."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from support.workflows.forge_place import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = {"core": (), "generate": ("generate", "documents")}


@pytest.mark.parametrize("name", EXTRAS)
def test_lock_is_not_outgrown(name: str) -> None:
    text = (ROOT / ".github" / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([a-z0-9-]+)==([^ ]+)", text, re.MULTILINE))
    wanted = [*PROJECT["build-system"]["requires"], *PROJECT["project"]["dependencies"]]
    for extra in EXTRAS[name]:
        wanted += PROJECT["project"]["optional-dependencies"][extra]
    for requirement in map(Requirement, wanted):
        version = locked.get(re.sub(r"[-_.]+", "-", requirement.name).lower())
        assert version is not None and requirement.specifier.contains(version), (
            f"{requirement}: make {name}.txt anew, as .github/requirements/README.md says"
        )


@pytest.mark.parametrize("name", EXTRAS)
def test_every_package_has_its_digests(name: str) -> None:
    text = (ROOT / ".github" / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    entries = re.split(r"^(?=\S)", text, flags=re.MULTILINE)
    assert len(entries) > 15
    for entry in filter(None, entries):
        assert "==" in entry and "--hash=sha256:" in entry, entry
