"""A plan as a JSON file: written whole or not at all, and read back equal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from seedbed.errors import ConfigurationError
from seedbed_training.planning.plan import PhasePlan, PlannedSample, TrainingPlan, Why
from seedbed_training.planning.read_recipe import recipe_from_data
from seedbed_training.planning.whole_file import write_whole

VERSION = 1


def plan_to_json(plan: TrainingPlan) -> str:
    """The text of a plan file: one line, sorted keys, so that equal plans are equal files."""
    return json.dumps({"version": VERSION, **asdict(plan)}, sort_keys=True, separators=(",", ":")) + "\n"


def plan_digest(plan: TrainingPlan) -> str:
    """64 hex digits: the sha256 of the plan's file."""
    return hashlib.sha256(plan_to_json(plan).encode()).hexdigest()


def write_plan(plan: TrainingPlan, path: Path) -> None:
    """Write `path` whole or not at all. Raises StoreError."""
    write_whole(path, plan_to_json(plan))


def read_plan(path: Path) -> TrainingPlan:
    """Raises ConfigurationError when the file cannot be read or is not a plan of this version."""
    try:
        return plan_from_json(path.read_text(encoding="utf-8"), source=str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"the plan {path} cannot be read: {error}", hint="seedbed plan --output PATH writes one"
        ) from error


def plan_from_json(text: str, *, source: str) -> TrainingPlan:
    """The plan that `text` holds; raises ConfigurationError when it holds none."""
    try:
        data: dict[str, Any] = json.loads(text)
        if data.get("version") != VERSION:
            raise ConfigurationError(
                f"{source} is a plan of version {data.get('version')!r}; this Seedbed reads version {VERSION}",
                hint="make it again: seedbed plan --output PATH",
            )
        recipe = recipe_from_data(data["recipe"], source=f"the recipe in {source}")
        phases = tuple(
            _phase(phase, recipe_phase)
            for phase, recipe_phase in zip(data["phases"], recipe.phases, strict=True)
        )
        return TrainingPlan(
            release=data["release"],
            parent=data["parent"],
            taxonomy_commit=data["taxonomy_commit"],
            recipe=recipe,
            seed=data["seed"],
            sample_keys={leaf: tuple(keys) for leaf, keys in data["sample_keys"].items()},
            blobs=data["blobs"],
            fresh=tuple(data["fresh"]),
            replayed=tuple(data["replayed"]),
            removed=tuple(data["removed"]),
            phases=phases,
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, ConfigurationError):
            raise
        raise ConfigurationError(
            f"{source} is not a training plan: {error}", hint="make it again: seedbed plan --output PATH"
        ) from error


def _phase(data: Mapping[str, Any], recipe: Any) -> PhasePlan:
    return PhasePlan(
        recipe=recipe,
        samples=tuple(PlannedSample(**{**sample, "why": Why(sample["why"])}) for sample in data["samples"]),
        steps=tuple(tuple(step) for step in data["steps"]),
    )
