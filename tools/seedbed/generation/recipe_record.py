"""The recipes that the samples of a store were made by, kept beside them: a file may be edited, moved or lost since.

`recipes/DIGEST.json` holds every figure and every template, as the digest counts them.
"""

from __future__ import annotations

import json
import logging

from seedbed.errors import ConfigurationError
from seedbed.generation.read_recipe import recipe_from_json
from seedbed.generation.recipe import GenerationRecipe
from seedbed.generation.store_files import StoreFiles

_log = logging.getLogger(__name__)

FOLDER = "recipes"


def record_recipe(files: StoreFiles, recipe: GenerationRecipe) -> None:
    """Keep a recipe, once. Raises StoreError when the store cannot be written."""
    name = _file_name(recipe.digest)
    if not files.exists(name):
        text = json.dumps(recipe.to_json(), indent=1, sort_keys=True, ensure_ascii=True)
        files.write(name, f"{text}\n".encode())


def recorded_recipe(files: StoreFiles, digest: str) -> GenerationRecipe | None:
    """The recipe of this digest, if the store has it, whole. Raises StoreError when the store cannot be read."""
    name = _file_name(digest)
    raw = files.read(name)
    if raw is None:
        return None
    try:
        recipe = recipe_from_json(json.loads(raw), source=f"{files.url}/{name}")
    except (ValueError, ConfigurationError) as error:  # torn, or of another Seedbed, which knew other keys
        _log.warning("%s/%s is not used: %s", files.url, name, error)
        return None
    return recipe if recipe.digest == digest else None


def _file_name(digest: str) -> str:
    return f"{FOLDER}/{digest}.json"
