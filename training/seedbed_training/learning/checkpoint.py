"""Checkpoints: where a run stands, so that a killed one goes on to the very same weights.

`<run>/checkpoints/<phase>-<step>/` holds `model.safetensors`, `optimizer.safetensors` (not at a phase's end, since the
next phase starts its optimiser anew), `position.json`, and `COMPLETE`, written last, with the sha256 of each of them.
A folder appears by one rename after everything in it is on the disk. Nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from seedbed.errors import StoreError
from seedbed_training.learning.model import learned_tensors, put_in_place
from seedbed_training.learning.position import Position, RunIdentity, is_regular, read_position
from seedbed_training.learning.sharding import gathered, part_like
from seedbed_training.learning.world import ALONE, World
from seedbed_training.planning.whole_file import make_folder

_MARKER = "COMPLETE"
_MODEL, _OPTIMIZER, _POSITION = "model.safetensors", "optimizer.safetensors", "position.json"
KEPT_PER_PHASE = 2
_UNREADABLE = (OSError, ValueError, TypeError, KeyError, AttributeError)
"""What reading a damaged file may raise."""
_NAME = re.compile(r".+-\d+")
_UNFINISHED = re.compile(r"\..+-\d+(\.old)?\.\d+")


def weights_digest(model: Any, world: World = ALONE) -> str:
    """sha256 over names, types, shapes and bytes of what the model has learned, in order of their names.

    Every process of `world` must call it, and gets the same.
    """
    digest = hashlib.sha256()
    for name, tensor in sorted(gathered(learned_tensors(model), world).items()):
        digest.update(f"{name}\0{tensor.dtype}\0{tuple(tensor.shape)}\0".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return str(world.from_first(digest.hexdigest()))


def write_checkpoint(
    directory: Path,
    position: Position,
    model: Any,
    optimizer: torch.optim.Optimizer | None,
    world: World = ALONE,
    *,
    kept: int = KEPT_PER_PHASE,
    every: int = 1,
) -> None:
    """Write a checkpoint under `directory` and remove those that are no longer needed. Raises StoreError.

    Every process of `world` must call it; the first one writes. Kept are, of the newest phase, the newest one and the
    last `kept`, two at least, of those that a run without an interruption makes `every` so many steps and at the
    phase's end; and the last one of every phase before it.
    """
    model_file = gathered(learned_tensors(model), world)
    optimizer_file = gathered(_optimizer_tensors(model, optimizer), world) if optimizer is not None else None
    if not world.first:
        return
    temporary = directory / f".{position.name}.{os.getpid()}"
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        make_folder(directory)
        temporary.mkdir()
        save_file(model_file, temporary / _MODEL)
        if optimizer_file is not None:
            save_file(optimizer_file, temporary / _OPTIMIZER)
        (temporary / _POSITION).write_text(_to_json(asdict(position)), encoding="utf-8")
        digests = {path.name: _file_digest(path) for path in sorted(temporary.iterdir())}
        (temporary / _MARKER).write_text(_to_json(digests), encoding="utf-8")
        put_in_place(temporary, directory / position.name)
        _remove_old(directory, newest=position, kept=max(kept, KEPT_PER_PHASE), every=every)
    except (OSError, SafetensorError) as error:  # the latter for a full disk too
        shutil.rmtree(temporary, ignore_errors=True)
        raise StoreError(
            f"the checkpoint {directory / position.name} cannot be written: {error}",
            hint="make room, then run the same command again: it goes on from the checkpoint before",
        ) from error


def newest_checkpoint(
    directory: Path, identity: RunIdentity, say: Callable[[str], None]
) -> tuple[Path, Position] | None:
    """The furthest complete checkpoint, by its marker and position; None when there is none.

    A damaged one is passed over in favour of the one before it, and what is no checkpoint is left alone; `say` is told.
    Raises UsageError when a checkpoint belongs to another run, StoreError when what a killed process left stays.
    """
    _remove_left_behind(directory)
    whole: list[tuple[tuple[int, int], Path, Position]] = []
    for path in sorted(directory.glob("*/")):
        if not (path / _MARKER).exists():
            say(f"{path} is no checkpoint and is left alone")
            continue
        if fault := _fault(path):
            say(f"checkpoint {path.name} is damaged ({fault}) and is not used")
            continue
        position = read_position(path / _POSITION)
        identity.refuse_other(position.identity, directory=directory)
        whole.append((position.order, path, position))
    if not whole:
        return None
    _, path, position = max(whole, key=lambda entry: entry[0])
    return path, position


def phase_checkpoints(
    directory: Path, phase_index: int, say: Callable[[str], None]
) -> tuple[tuple[Position, Path], ...]:
    """The whole checkpoints of a phase, earliest first, without copies; of a damaged one `say` is told."""
    found: list[tuple[Position, Path]] = []
    for path in directory.glob("[!.]*/"):
        if not (path / _MARKER).exists():
            continue
        if fault := _fault(path):
            say(f"checkpoint {path.name} is damaged ({fault}) and is not used")
            continue
        position = read_position(path / _POSITION)
        if position.phase_index == phase_index and path.name == position.name:
            found.append((position, path))
    return tuple(sorted(found, key=lambda each: each[0].step))


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """What the model had learned at the checkpoint, by the names of `learned_tensors`."""
    return load_file(path / _MODEL)


def load_checkpoint(path: Path, model: Any, optimizer: torch.optim.Optimizer | None) -> None:
    """Bring the model, and the optimiser where the phase goes on, to the state that was saved at `path`.

    Of weights that are cut over processes each takes its own part, whatever number of processes wrote them.
    """
    with safe_open(path / _MODEL, framework="pt") as saved, torch.no_grad():
        for name, tensor in learned_tensors(model).items():
            tensor.copy_(part_like(saved.get_tensor(name), tensor))
    if optimizer is None:
        return
    with safe_open(path / _OPTIMIZER, framework="pt") as saved:
        parts: dict[str, list[str]] = {}
        for key in saved.keys():  # noqa: SIM118  # it is no mapping
            parts.setdefault(key.rpartition("/")[0], []).append(key)
        for name, weight in model.named_parameters():  # one that never had a gradient has no state
            for key in parts.get(name, []):
                optimizer.state[weight][key.rpartition("/")[2]] = part_like(saved.get_tensor(key), weight)


def _optimizer_tensors(model: Any, optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """AdamW's step count and moments as `<parameter>/<part>`."""
    return {
        f"{name}/{part}": value
        for name, weight in model.named_parameters()
        for part, value in optimizer.state.get(weight, {}).items()
    }


def _remove_old(directory: Path, *, newest: Position, kept: int, every: int) -> None:
    by_phase: dict[int, list[tuple[Position, Path]]] = {}
    for path in directory.glob("[!.]*/"):
        if (position := _own_position(path)) is not None:
            by_phase.setdefault(position.phase_index, []).append((position, path))
    for phase, found in by_phase.items():
        found.sort(key=lambda each: each[0].step)
        regular = [path for position, path in found if is_regular(position, every=every)]
        stay = {found[-1][1], *(regular[-kept:] if phase == newest.phase_index else ())}
        for _, path in found:
            if path not in stay:
                (
                    path / _MARKER
                ).unlink()  # first, so that what a killed removal leaves is not taken for complete
                shutil.rmtree(path)


def _own_position(path: Path) -> Position | None:
    """Of a checkpoint that this module made and may remove; a damaged one stays where it is, whatever it says."""
    if path.is_symlink() or not (path / _MARKER).is_file():
        return None
    try:
        position = read_position(path / _POSITION)
    except _UNREADABLE:
        return None
    return position if path.name == position.name else None


def _remove_left_behind(directory: Path) -> None:
    """Remove what a killed process was writing, replacing or removing, and nothing that it did not make itself."""
    for path in directory.glob("*/"):
        if not path.is_symlink() and (_UNFINISHED.fullmatch(path.name) or _half_removed(path)):
            try:
                shutil.rmtree(path)
            except OSError as error:
                raise StoreError(
                    f"{path}, which a killed process left, cannot be removed: {error}",
                    hint="remove it, then run the same command again",
                ) from error


def _half_removed(path: Path) -> bool:
    return _NAME.fullmatch(path.name) is not None and {entry.name for entry in path.iterdir()} <= {
        _MODEL,
        _OPTIMIZER,
        _POSITION,
    }


def _fault(path: Path) -> str | None:
    """Why the checkpoint at `path` cannot be trusted, or None."""
    try:
        digests: dict[str, str] = json.loads((path / _MARKER).read_text(encoding="utf-8"))
        present = {entry.name for entry in path.iterdir()} - {_MARKER}
        if strange := sorted(present ^ digests.keys()):
            return f"{', '.join(strange)} should not be there or is missing"
        changed = [name for name, digest in sorted(digests.items()) if _file_digest(path / name) != digest]
        if changed:
            return f"{', '.join(changed)} changed after it was written"
        read_position(path / _POSITION)
    except _UNREADABLE as error:
        return f"{type(error).__name__}: {error}"
    return None


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _to_json(content: object) -> str:
    return json.dumps(content, indent=2, sort_keys=True) + "\n"
