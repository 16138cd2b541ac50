"""Training recipes from YAML: read by what `recipe` declares, and by what no key says for itself."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from seedbed.bundled_files import bundled_file
from seedbed.config.plain_yaml import locate_in_yaml, read_plain_yaml
from seedbed.config.strict_reading import Origin, read_as
from seedbed.config.unknown_name import nearest
from seedbed.errors import ConfigurationError
from seedbed.generation.sample import Stage
from seedbed_training.planning.recipe import TrainingRecipe


def load_recipe(name: str) -> TrainingRecipe:
    """The recipe at a path (anything that ends in .yaml or .yml), or the one shipped under that name.

    Raises ConfigurationError when there is none, or when its text is no recipe.
    """
    path = Path(name)
    if path.suffix not in {".yaml", ".yml"}:
        path = bundled_file(f"training/recipes/{name}.yaml")
        if not path.is_file():
            shipped = sorted(recipe.stem for recipe in bundled_file("training/recipes").glob("*.yaml"))
            near = nearest(name, shipped)
            raise ConfigurationError(
                f"there is no training recipe called {name!r}; Seedbed ships {', '.join(shipped)}",
                hint=f"did you mean {near}?"
                if near
                else "give one of these names, or the path of a .yaml file",
            )
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"the training recipe {path} cannot be read: {error}", hint="name a readable UTF-8 file"
        ) from error
    return read_recipe(text, source=str(path))


def read_recipe(text: str, *, source: str) -> TrainingRecipe:
    """The recipe that `text` holds; `source` is what messages call it. Raises ConfigurationError."""
    data = read_plain_yaml(text, source=source)
    return _checked(data, Origin(locate_in_yaml(text, source=source)))


def recipe_from_data(data: object, *, source: str) -> TrainingRecipe:
    """The recipe that plain mappings, lists and scalars describe. Raises ConfigurationError."""
    return _checked(data, Origin(lambda path: source))


def recipe_digest(recipe: TrainingRecipe) -> str:
    """64 hex digits from every figure of the recipe; comments and the order of keys do not change it."""
    text = json.dumps(recipe_to_data(recipe), sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def recipe_to_data(recipe: TrainingRecipe) -> dict[str, Any]:
    """What `recipe_from_data` reads. Keys that recipes did not always have are there only where they say something,
    so that the digests of older recipes and plans hold."""
    idle = {
        item.name
        for item in fields(recipe)
        if item.metadata["later"] and getattr(recipe, item.name) == item.default
    }
    return {name: value for name, value in asdict(recipe).items() if name not in idle}


def _checked(data: object, origin: Origin) -> TrainingRecipe:
    recipe = read_as(TrainingRecipe, data, origin)
    _check_shares(recipe, origin)
    _check_phases(recipe, origin)
    return recipe


def _check_shares(recipe: TrainingRecipe, origin: Origin) -> None:
    shares = recipe.replay.leaf_share + recipe.replay.phase_share
    if shares >= 1.0:
        raise ConfigurationError(
            f"{origin.locate(('replay', 'leaf_share'))}: replay.leaf_share and replay.phase_share together are "
            f"{shares:g}; they are shares of a phase and must leave room for new samples",
            hint="the published range is 0.01 to 0.5 in all",
        )


def _check_phases(recipe: TrainingRecipe, origin: Origin) -> None:
    taught: set[Stage] = set()
    names: set[str] = set()
    for index, phase in enumerate(recipe.phases):
        folded = phase.name.casefold()  # some file systems take capitals for small letters
        if folded in names:
            raise ConfigurationError(
                f"{origin.locate(('phases', index, 'name'))}: two phases are called {phase.name!r}",
                hint="give each phase a name of its own",
            )
        early = [stage for stage in phase.replay_stages if stage not in taught]
        if early:
            raise ConfigurationError(
                f"{origin.locate(('phases', index, 'replay_stages'))}: phase {phase.name!r} replays "
                f"{early[0].value}, which no phase before it teaches",
                hint="replay_stages may name only stages of earlier phases",
            )
        names.add(folded)
        taught.update(phase.stages)
