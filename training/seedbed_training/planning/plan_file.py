"""A plan as a file: written whole or not at all, and read back equal.

It is a safetensors file, so any tool for those can open it: one column of numbers per tensor, and everything else as
JSON in the metadata under `plan`. Nothing is read in rows: a plan over a million samples opens in a fraction of a
second, and the samples of any step are two look-ups away. `seedbed plan --show FILE` shows it to people.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.errors import ConfigurationError, MissingExtraError
from seedbed_training.planning.plan import REASONS, PhasePlan, PlannedSamples, Steps, TrainingPlan
from seedbed_training.planning.read_recipe import recipe_from_data, recipe_to_data
from seedbed_training.planning.recipe import PhaseRecipe
from seedbed_training.planning.whole_file import write_whole

VERSION = 2

_KINDS: Mapping[str, type[np.generic]] = {
    "ids": np.uint8,  # (S, characters)
    "leaf": np.int32,
    "why": np.int8,
    "tokens": np.int32,
    "times": np.int32,
    "order": np.int32,
    "edges": np.int64,
}
_Columns = Mapping[str, NDArray[Any]]


def plan_digest(plan: TrainingPlan) -> str:
    """64 hex digits over every figure of the plan; they do not depend on how the file arranges them."""
    digest = hashlib.sha256(_json(_head(plan)).encode())
    for name, values in sorted(_columns(plan).items()):
        digest.update(f"\0{name} {values.dtype.str} {values.shape}\0".encode())
        digest.update(np.ascontiguousarray(values).data if values.size else b"")
    return digest.hexdigest()


def write_plan(plan: TrainingPlan, path: Path) -> None:
    """Write `path` whole or not at all. Raises StoreError, MissingExtraError without safetensors."""
    try:
        from safetensors.numpy import save
    except ImportError as error:
        raise MissingExtraError("planning", "train", "safetensors") from error
    columns = {name: np.ascontiguousarray(values) for name, values in _columns(plan).items()}
    write_whole(
        path,
        save(
            columns,
            metadata={"plan": _json({**_head(plan), "changed": plan.changed, "waiting": plan.waiting})},
        ),
    )


def read_plan(path: Path) -> TrainingPlan:
    """Raises ConfigurationError when the file cannot be read or is not a plan of this version."""
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise MissingExtraError("planning", "train", "safetensors") from error
    if not path.is_file():
        raise ConfigurationError(
            f"the plan {path} cannot be read: there is no such file",
            hint="seedbed plan --output PATH writes one",
        )
    try:
        with safe_open(path, framework="np") as file:
            head = json.loads((file.metadata() or {})["plan"])
            if head.get("version") != VERSION:
                raise _other_version(path, head.get("version"))
            names = file.keys()  # not a mapping: it cannot be iterated over itself
            return _plan(head, {name: file.get_tensor(name) for name in names}, source=str(path))
    except OSError as error:
        raise ConfigurationError(f"the plan {path} cannot be read: {error}") from error
    except (SafetensorError, KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        if isinstance(error, ConfigurationError):
            raise
        if _is_first_version(path):
            raise _other_version(path, 1) from error
        raise ConfigurationError(
            f"{path} is not a training plan: {error}", hint="make it again: seedbed plan --output PATH"
        ) from error


def _is_first_version(path: Path) -> bool:
    """Plans of version 1 were JSON; any other JSON is no plan."""
    try:
        data = json.loads(path.read_bytes())
    except ValueError:
        return False
    return isinstance(data, dict) and data.get("version") == 1 and {"recipe", "phases"} <= data.keys()


def _other_version(path: Path, version: object) -> ConfigurationError:
    return ConfigurationError(
        f"{path} is a plan of version {version!r}; this Seedbed reads version {VERSION}",
        hint="make it again: seedbed plan --output PATH",
    )


def _head(plan: TrainingPlan) -> Mapping[str, Any]:
    """Everything that makes the plan, but the columns."""
    named = list(
        dict.fromkeys(phase.samples.leaves for phase in plan.phases)
    )  # most phases share one table of names
    return {
        "version": VERSION,
        "release": plan.release,
        "parent": plan.parent,
        "taxonomy_commit": plan.taxonomy_commit,
        "recipe": recipe_to_data(plan.recipe),
        "seed": plan.seed,
        "leaves": [[name, blob, *plan.sample_keys[name]] for name, blob in plan.blobs.items()],
        "fresh": plan.fresh,
        "replayed": plan.replayed,
        "removed": plan.removed,
        "revoked": plan.revoked,
        "names": named,
        "phases": [named.index(phase.samples.leaves) for phase in plan.phases],
    }


def _json(head: Mapping[str, Any]) -> str:
    """One line, sorted keys, so that equal plans are equal files."""
    return json.dumps(head, sort_keys=True, separators=(",", ":"))


def _columns(plan: TrainingPlan) -> _Columns:
    columns: dict[str, NDArray[Any]] = {}
    for number, phase in enumerate(plan.phases):
        samples, steps = phase.samples, phase.steps
        width = samples.ids.dtype.itemsize
        columns |= {
            f"{number}.ids": samples.ids.view(np.uint8).reshape(len(samples), width),
            f"{number}.leaf": samples.leaf,
            f"{number}.why": samples.why,
            f"{number}.tokens": samples.tokens,
            f"{number}.times": samples.times,
            f"{number}.order": steps.order,
            f"{number}.edges": steps.edges,
        }
    return columns


def _plan(head: Mapping[str, Any], columns: _Columns, *, source: str) -> TrainingPlan:
    recipe = recipe_from_data(head["recipe"], source=f"the recipe in {source}")
    names = [tuple(listed) for listed in head["names"]]
    phases = tuple(
        _phase(phase, names[chosen], number, columns)
        for number, (phase, chosen) in enumerate(zip(recipe.phases, head["phases"], strict=True))
    )
    return TrainingPlan(
        release=head["release"],
        parent=head["parent"],
        taxonomy_commit=head["taxonomy_commit"],
        recipe=recipe,
        seed=head["seed"],
        sample_keys={name: tuple(keys) for name, _, *keys in head["leaves"]},
        blobs={name: blob for name, blob, *_ in head["leaves"]},
        fresh=tuple(head["fresh"]),
        replayed=tuple(head["replayed"]),
        removed=tuple(head["removed"]),
        phases=phases,
        revoked=tuple(head["revoked"]),
        changed=tuple(head.get("changed", ())),
        waiting=tuple(head.get("waiting", ())),
    )


def _phase(recipe: PhaseRecipe, leaves: tuple[str, ...], number: int, columns: _Columns) -> PhasePlan:
    """Raises ValueError when the columns do not fit together, so that no step can point beside its table."""
    own = {name: columns[f"{number}.{name}"] for name in _KINDS}
    for name, kind in _KINDS.items():
        if own[name].dtype != kind:
            raise ValueError(f"column {number}.{name} holds {own[name].dtype}")
    count, order, edges = len(own["leaf"]), own["order"], own["edges"]
    fits = (
        all(len(own[name]) == count for name in ("ids", "why", "tokens", "times"))
        and own["ids"].ndim == 2
        and (not order.size or 0 <= order.min() <= order.max() < count)
        and (not count or 0 <= own["leaf"].min() <= own["leaf"].max() < len(leaves))
        and (not count or 0 <= own["why"].min() <= own["why"].max() < len(REASONS))
        and (
            not edges.size or (edges[0] == 0 and edges[-1] == len(order) and bool((np.diff(edges) > 0).all()))
        )
    )
    if not fits:
        raise ValueError(f"the columns of phase {number} do not fit together")
    ids = np.ascontiguousarray(own["ids"])
    identities = ids.view(f"S{ids.shape[1]}").reshape(count) if ids.size else np.empty(0, "S1")
    samples = PlannedSamples(leaves, own["leaf"], identities, own["why"], own["tokens"], own["times"])
    return PhasePlan(recipe, samples, Steps(order, edges))
