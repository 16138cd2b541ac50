"""The files of an export: whole folders, written as samples come, the same bytes for the same samples.

`messages`: JSON lines. Each row has `messages`, a list of `{"role", "content"}` that ends with the assistant's answer;
beside it `id`, `leaf` and `stage`. That is what these read as it is:

- TRL: the conversational language-modelling format, column `messages`; `assistant_only_loss=True` puts the loss on the
  assistant alone (trained on with `SFTTrainer` of TRL 1.16.0 and a chat template that marks `{% generation %}`).
- axolotl: `type: chat_template`, whose default column is `messages` with `role` and `content`; by default the loss is on
  the assistant alone (every row through `prompt_strategies/chat_template.py` of axolotl 0.19.0).
- InstructLab training: JSON lines with `messages`; a row without `unmask` counts as `unmask: false`, so that the loss is
  on the assistant alone (through `process_messages_into_input_ids` of instructlab-training 0.16.2, which drops rows
  of fewer than 20 tokens: short answers to short questions).

`huggingface`: Parquet by stage, with splits `train` and `held_out`.

In both the card's front matter (`configs`) names the files of each split, which is what `datasets.load_dataset` goes by.
What was left out stands in `left_out.jsonl`, which is no split.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Protocol, Self

from seedbed.errors import StoreError, UsageError
from seedbed.generation.across_leaves import Fallen
from seedbed.generation.sample import Sample, Stage
from seedbed.generation.sample_table import SampleTable

ROWS_PER_GROUP = 2_500
"""Of Parquet: so many samples of each stage and side are held in memory at most."""
ROWS_PER_FILE = 50_000
TRAIN, HELD_OUT = "train", "held_out"

Side = tuple[Stage, bool]
"""A stage, and whether what is meant is held out."""


class ExportFolder:
    """A folder in the making: whole under its name once it is kept, or not there at all."""

    def __init__(self, folder: Path) -> None:
        """Raises UsageError when something is there already."""
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            found = "is not empty" if folder.is_dir() else "is no folder"
            raise UsageError(f"{folder} {found}", hint="name a folder that does not exist yet")
        self._folder = folder
        self._partial = folder.with_name(f".{folder.name}.{os.getpid()}")
        self._names: list[str] = []

    @contextmanager
    def file(self, name: str) -> Iterator[IO[bytes]]:
        """A new file, on the disk when it is left."""
        target = self._partial / name
        target.parent.mkdir(parents=True, exist_ok=True)
        self._names.append(name)
        with target.open("w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())

    @contextmanager
    def part(self) -> Iterator[IO[bytes]]:
        """A file for a while, which is no part of the folder."""
        with TemporaryFile(dir=self._partial) as file:
            yield file

    def digest(self) -> str:
        """64 hex digits over the names and contents of the files so far."""
        digests = {name: self._digest(name) for name in self._names}
        lines = [f"{digests[name]}  {name}\n" for name in sorted(digests)]
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def _digest(self, name: str) -> str:
        with (self._partial / name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def keep(self) -> None:
        """Give the folder its name."""
        self._partial.replace(self._folder)

    def __enter__(self) -> Self:
        try:  # before hours of reading, not after them
            self._partial.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unwritable(error) from error
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        shutil.rmtree(self._partial, ignore_errors=True)
        if isinstance(error, OSError) and not isinstance(error, StoreError):  # that one is of what is read
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> StoreError:
        return StoreError(
            f"{self._folder} cannot be written: {error.strerror or error}",
            hint="check the folder above it, and its space",
        )


class Form(Protocol):
    """A form that samples are written in, one after the other; nothing is whole before `finish`."""

    def add(self, sample: Sample) -> None: ...
    def finish(self) -> None: ...


class MessagesForm:
    """`train.jsonl`, and `held_out.jsonl` where something is held out; stage by stage."""

    def __init__(self, folder: ExportFolder, open_files: ExitStack) -> None:
        self._folder, self._open_files = folder, open_files
        self._parts: dict[Side, IO[bytes]] = {}

    def add(self, sample: Sample) -> None:
        side = (sample.stage, sample.held_out)
        if side not in self._parts:
            self._parts[side] = self._open_files.enter_context(self._folder.part())
        self._parts[side].write(_line(sample))

    def finish(self) -> None:
        for name, held_out in ((TRAIN, False), (HELD_OUT, True)):
            parts = [self._parts[stage, held_out] for stage in Stage if (stage, held_out) in self._parts]
            if parts or not held_out:
                with self._folder.file(f"{name}.jsonl") as file:
                    for part in parts:
                        part.seek(0)
                        shutil.copyfileobj(part, file, 1 << 20)


def _line(sample: Sample) -> bytes:
    row = {
        "messages": [asdict(message) for message in sample.messages],
        "id": sample.id,
        "leaf": sample.leaf,
        "stage": str(sample.stage),
    }
    return _json_line(row)


def _json_line(row: Mapping[str, object]) -> bytes:
    return (json.dumps(row, ensure_ascii=True, separators=(",", ":")) + "\n").encode("ascii")


class LeftOutFile:
    """`left_out.jsonl`: a line for each sample that fell; no file where none did."""

    def __init__(self, folder: ExportFolder, open_files: ExitStack) -> None:
        self._folder, self._open_files = folder, open_files
        self._part: IO[bytes] | None = None

    def add(self, fallen: Fallen) -> None:
        if self._part is None:
            self._part = self._open_files.enter_context(self._folder.part())
        row = {"id": fallen.sample, "leaf": fallen.leaf, "reason": str(fallen.reason), "like": fallen.like}
        self._part.write(_json_line(row))

    def finish(self) -> None:
        if self._part is not None:
            self._part.seek(0)
            with self._folder.file("left_out.jsonl") as file:
                shutil.copyfileobj(self._part, file, 1 << 20)


class HuggingFaceForm:
    """`data/<stage>-<split>-<number>.parquet`, in row groups that are written as they are full."""

    def __init__(self, folder: ExportFolder, open_files: ExitStack) -> None:
        self._folder, self._open_files = folder, open_files
        self._series: dict[Side, _Series] = {}

    def add(self, sample: Sample) -> None:
        side = (sample.stage, sample.held_out)
        if side not in self._series:
            name = f"data/{sample.stage}-{HELD_OUT if sample.held_out else TRAIN}"
            self._series[side] = _Series(name, self._folder, self._open_files)
        self._series[side].add(sample)

    def finish(self) -> None:
        for series in self._series.values():
            series.finish()


class _Series:
    """The numbered files of one stage and side."""

    def __init__(self, name: str, folder: ExportFolder, open_files: ExitStack) -> None:
        self._name, self._folder = name, folder
        self._file = open_files.enter_context(ExitStack())
        self._table: SampleTable | None = None
        self._group: list[Sample] = []
        self._rows = self._files = 0

    def add(self, sample: Sample) -> None:
        self._group.append(sample)
        if len(self._group) == ROWS_PER_GROUP:
            self._write()

    def _write(self) -> None:
        if self._table is None:
            file = self._file.enter_context(self._folder.file(f"{self._name}-{self._files:05d}.parquet"))
            self._table = self._file.enter_context(SampleTable(file))
        self._table.write(self._group)
        self._rows += len(self._group)
        self._group = []
        if self._rows >= ROWS_PER_FILE:
            self._close()

    def _close(self) -> None:
        self._file.close()
        self._table = None
        self._files, self._rows = self._files + 1, 0

    def finish(self) -> None:
        if self._group:
            self._write()
        self._close()


FORMS: Mapping[str, Callable[[ExportFolder, ExitStack], Form]] = {
    "messages": MessagesForm,
    "huggingface": HuggingFaceForm,
}
