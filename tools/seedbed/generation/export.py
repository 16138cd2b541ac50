"""Samples as they leave the store for other people's trainers: whole folders, the same bytes for the same samples.

`messages`: JSON lines. Each row has `messages`, a list of `{"role", "content"}` that ends with the assistant's answer;
beside it `id`, `leaf` and `stage`. That is what these read as it is:

- TRL: the conversational language-modelling format, column `messages`; `assistant_only_loss=True` puts the loss on the
  assistant alone (prepared and trained on with `SFTTrainer` of TRL 1.16.0).
- axolotl: `type: chat_template`, whose default column is `messages` with `role` and `content`; by default the loss is on
  the assistant alone (axolotl 0.19.0, `prompt_strategies/chat_template.py`).
- InstructLab training: JSON lines with `messages`; a row without `unmask` counts as `unmask: false`, so that the loss is
  on the assistant alone (instructlab-training 0.16.2, `data_process.py`).

`huggingface`: Parquet by stage, with splits `train` and `held_out`, named in the card's front matter (`configs`).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from seedbed.errors import StoreError, UsageError
from seedbed.generation.funnel import Funnel, total
from seedbed.generation.sample import Sample, Stage
from seedbed.generation.sample_table import samples_to_parquet
from seedbed.generation.store import SampleStore, StoredLeaf
from seedbed.taxonomy.attribution import Attribution

ROWS_PER_FILE = 50_000
TRAIN, HELD_OUT = "train", "held_out"

Screen = Callable[[Sequence[Sample]], Collection[str]]
"""From all samples, the ids of those that fall once all leaves lie together."""


@dataclass(frozen=True, slots=True)
class LeafToExport:
    """A leaf as it stands at the exported commit, and the keys that hold its samples."""

    name: str
    blob: str
    keys: tuple[str, ...]
    created_by: str = ""
    attribution: Attribution | None = None


@dataclass(frozen=True, slots=True)
class ExportedLeaf:
    """What was exported of a leaf, and what made it."""

    leaf: LeafToExport
    stored: tuple[StoredLeaf, ...]
    train: int
    held_out: int
    fallen: int

    @property
    def funnel(self) -> Funnel:
        return total(funnel for stored in self.stored for funnel in stored.funnels.values())


@dataclass(frozen=True, slots=True)
class Export:
    """What is exported: samples by stage, and by whether they are held out."""

    commit: str
    release: str | None
    leaves: tuple[ExportedLeaf, ...]
    samples: Mapping[tuple[Stage, bool], tuple[Sample, ...]]

    def count(self, *, held_out: bool) -> int:
        return sum(len(samples) for (_, side), samples in self.samples.items() if side is held_out)


def collect(
    store: SampleStore,
    leaves: Iterable[LeafToExport],
    *,
    commit: str,
    release: str | None = None,
    stages: Collection[Stage] = tuple(Stage),
    screen: Screen = lambda samples: (),
) -> Export:
    """The samples of these leaves, in the order of leaves and of the store. Raises UsageError when there are none."""
    read = [(leaf, [sample for key in leaf.keys for sample in store.read(key)]) for leaf in leaves]
    fallen = frozenset(screen([sample for _, samples in read for sample in samples]))
    sides: dict[tuple[Stage, bool], list[Sample]] = {}
    exported = []
    for leaf, samples in read:
        wanted = [sample for sample in samples if sample.stage in stages]
        kept = [sample for sample in wanted if sample.id not in fallen]
        for sample in kept:
            sides.setdefault((sample.stage, sample.held_out), []).append(sample)
        held_out = sum(sample.held_out for sample in kept)
        stored = tuple(store.describe(key) for key in leaf.keys)
        if wanted:
            lost = len(wanted) - len(kept)
            exported.append(ExportedLeaf(leaf, stored, len(kept) - held_out, held_out, lost))
    if not sides:
        raise UsageError(
            "there are no samples to export", hint="seedbed status says what is stored of each leaf"
        )
    ordered = sorted(sides, key=lambda side: (list(Stage).index(side[0]), side[1]))
    return Export(commit, release, tuple(exported), {side: tuple(sides[side]) for side in ordered})


def messages_files(export: Export) -> dict[str, bytes]:
    """`train.jsonl`, and `held_out.jsonl` where something is held out."""
    found: dict[str, bytes] = {}
    for name, held_out in ((TRAIN, False), (HELD_OUT, True)):
        rows = [
            _row(one) for (_, side), samples in export.samples.items() if side is held_out for one in samples
        ]
        if rows or not held_out:
            found[f"{name}.jsonl"] = "".join(rows).encode("ascii")
    return found


def _row(sample: Sample) -> str:
    row = {
        "messages": [asdict(message) for message in sample.messages],
        "id": sample.id,
        "leaf": sample.leaf,
        "stage": str(sample.stage),
    }
    return json.dumps(row, ensure_ascii=True, separators=(",", ":")) + "\n"


def huggingface_files(export: Export) -> dict[str, bytes]:
    """`data/<stage>-<split>-<number>.parquet`."""
    found: dict[str, bytes] = {}
    for (stage, held_out), samples in export.samples.items():
        for number, start in enumerate(range(0, len(samples), ROWS_PER_FILE)):
            name = f"data/{stage}-{HELD_OUT if held_out else TRAIN}-{number:05d}.parquet"
            found[name] = samples_to_parquet(samples[start : start + ROWS_PER_FILE])
    return found


def digest_of(files: Mapping[str, bytes]) -> str:
    """64 hex digits over names and contents."""
    lines = [f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files as `folder`, whole or not at all.

    Raises UsageError when something is there already, StoreError when it cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not empty", hint="name a folder that does not exist yet")
    partial = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        for name, content in files.items():
            target = partial / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        partial.replace(folder)
    except OSError as error:
        raise StoreError(
            f"{folder} cannot be written: {error.strerror or error}",
            hint="check the folder above it, and its space",
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
