"""Recipes kept beside the samples that they made."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from seedbed.generation.read_recipe import bundled_recipes, load_recipe
from seedbed.generation.recipe import with_samples
from seedbed.generation.recipe_record import record_recipe, recorded_recipe
from seedbed.generation.store_files import open_store_files


@pytest.mark.parametrize("name", bundled_recipes())
def test_a_recipe_comes_back_as_it_was(name: str, tmp_path: Path) -> None:
    files = open_store_files(str(tmp_path))
    recipe = with_samples(load_recipe(name), 7)
    record_recipe(files, recipe)
    found = recorded_recipe(files, recipe.digest)
    assert found == recipe
    assert found is not None and found.digest == recipe.digest


def test_a_recipe_is_written_once(tmp_path: Path) -> None:
    files = open_store_files(str(tmp_path))
    recipe = load_recipe("lab")
    record_recipe(files, recipe)
    [path] = (tmp_path / "recipes").iterdir()
    before = path.stat().st_mtime_ns
    record_recipe(files, replace(recipe, description="in other words"))  # no part of the digest
    assert path.stat().st_mtime_ns == before


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b'{"name": "lab"}', b"\xff"])
def test_what_is_no_recipe_is_not_used(broken: bytes, tmp_path: Path) -> None:
    files = open_store_files(str(tmp_path))
    recipe = load_recipe("lab")
    record_recipe(files, recipe)
    [path] = (tmp_path / "recipes").iterdir()
    path.write_bytes(broken)
    assert recorded_recipe(files, recipe.digest) is None


def test_a_record_under_a_foreign_name_or_of_other_keys_is_not_used(tmp_path: Path) -> None:
    files = open_store_files(str(tmp_path))
    recipe = load_recipe("lab")
    record_recipe(files, recipe)
    [path] = (tmp_path / "recipes").iterdir()
    path.rename(path.with_name(f"{'0' * 64}.json"))
    assert recorded_recipe(files, "0" * 64) is None
    path.write_text(json.dumps({**recipe.to_json(), "of_tomorrow": 1}))
    assert recorded_recipe(files, recipe.digest) is None
    assert recorded_recipe(files, "f" * 64) is None
