"""The folder that a site is written to: whole under its name once all of it is there, or as it was before."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Self

from seedbed.errors import StoreError, UsageError

MARKER = "site.json"
"""Lists the files of a site, so that a later one may take its place and nobody's other files are lost."""
_VERSION = 1
_NAMED = 3  # files that are in the way


class OutputFolder:
    """A site in the making, beside the place where it will be."""

    def __init__(self, folder: Path) -> None:
        """Raises UsageError when something is in the place that is not an earlier site."""
        self._folder = folder.resolve()
        self._earlier = _earlier_files(self._folder, folder)
        self._partial = self._folder.with_name(f".{self._folder.name}.{os.getpid()}")
        self._names: set[str] = set()
        self._made: set[Path] = set()
        self.bytes = 0

    @property
    def files(self) -> int:
        return len(self._names)

    def write(self, name: str, text: str) -> None:
        """Write one file. What is the same in the earlier site is kept, with its time."""
        assert name not in self._names, f"{name} is written twice"
        content = text.encode()
        target = self._partial / name
        if target.parent not in self._made:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(target.parent)
        if not self._kept(name, content, target):
            target.write_bytes(content)
        self._names.add(name)
        self.bytes += len(content)

    def _kept(self, name: str, content: bytes, target: Path) -> bool:
        earlier = self._folder / name
        if name not in self._earlier or earlier.read_bytes() != content:
            return False
        with suppress(OSError):  # a file system without hard links
            os.link(earlier, target)
            return True
        return False

    def keep(self) -> None:
        """Give the site its name; an earlier one goes once the new one is in its place."""
        listed = {"version": _VERSION, "files": sorted({*self._names, MARKER})}
        self.write(MARKER, json.dumps(listed, indent=1) + "\n")
        before = self._folder.with_name(f"{self._partial.name}.before")
        there = self._folder.exists()
        if there:
            self._folder.replace(before)
        try:
            self._partial.replace(self._folder)
        except OSError:
            if there:
                before.replace(self._folder)
            raise
        shutil.rmtree(before, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        shutil.rmtree(self._partial, ignore_errors=True)
        if isinstance(error, OSError) and not isinstance(error, StoreError):
            raise UsageError(
                f"{self._folder} cannot be written: {error.strerror or error}",
                hint="check the folder above it, and its space",
            ) from error


def _earlier_files(folder: Path, named: Path) -> frozenset[str]:
    """The files of the site that is there; none for a folder that is empty or not there."""
    if not folder.exists():
        return frozenset()
    elsewhere = "name a folder that does not exist yet: seedbed site --output FOLDER"
    if not folder.is_dir():
        raise UsageError(f"{named} is a file", hint=elsewhere)
    there = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if not path.is_dir() or path.is_symlink()
    }
    if not there:
        return frozenset()
    listed = _listed(folder / MARKER)
    if listed is None:
        raise UsageError(f"{named} is not empty, and what is in it is not a site", hint=elsewhere)
    others = sorted(there - listed)
    if others:
        more = f" and {len(others) - _NAMED:,} more" if len(others) > _NAMED else ""
        raise UsageError(
            f"{named} holds files that are no part of the site in it: {', '.join(others[:_NAMED])}{more}",
            hint=f"move them away, or {elsewhere}",
        )
    return frozenset(there)


def _listed(marker: Path) -> frozenset[str] | None:
    """The files that a site lists; None where there is no such list."""
    try:
        found = json.loads(marker.read_text(encoding="utf-8"))
        return frozenset(map(str, found["files"])) if found["version"] == _VERSION else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
