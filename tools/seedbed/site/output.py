"""The folder that a site is written to: whole under its name once all of it is there, or as it was before.

That holds however the process ends, `kill -9` too. Where the file system cannot exchange two folders in one step, the
place is empty for a moment; whoever is killed in it finds the earlier site put back by the next run.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from seedbed.errors import StoreError, UsageError
from seedbed.site.exchange import exchanged

MARKER = "site.json"
"""Lists the files of a site, so that a later one may take its place and nobody's other files are lost."""
_VERSION = 1
_NAMED = 3  # files that are in the way


@contextmanager
def output_folder(named: Path) -> Iterator[OutputFolder]:
    """A site in the making, beside the place where it will be; what is not kept is gone with the block.

    Raises UsageError when something is in the place that is not an earlier site, when another process writes there, or
    when it cannot be written.
    """
    folder = named.resolve()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _held(folder):
            _clear_up(folder)
            try:
                yield OutputFolder(folder, _earlier_files(folder, named))
            finally:
                shutil.rmtree(_beside(folder, "partial"), ignore_errors=True)
    except OSError as error:
        if isinstance(error, StoreError):
            raise
        mounted = error.errno == errno.EBUSY
        hint = "name a folder inside of it" if mounted else "check the folder above it, and its space"
        raise UsageError(f"{folder} cannot be written: {error.strerror or error}", hint=hint) from error


class OutputFolder:
    """A site in the making."""

    def __init__(self, folder: Path, earlier: frozenset[str]) -> None:
        """`earlier` are the files of the site that is in the place."""
        self._folder = folder
        self._earlier = earlier
        self._partial = _beside(folder, "partial")
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
        if not self._folder.exists():
            self._partial.replace(self._folder)
        elif not exchanged(self._partial, self._folder):
            _replace(self._folder, self._partial)


def _replace(folder: Path, partial: Path) -> None:
    """In two steps, where it cannot be done in one."""
    before = _beside(folder, "before")
    folder.replace(before)
    try:
        partial.replace(folder)
    except OSError:
        before.replace(folder)
        raise
    shutil.rmtree(before, ignore_errors=True)


def _clear_up(folder: Path) -> None:
    """Put right what a run that was killed has left."""
    before = _beside(folder, "before")
    if before.exists() and not folder.exists():
        before.replace(folder)
    for left in (before, _beside(folder, "partial")):
        shutil.rmtree(left, ignore_errors=True)


def _beside(folder: Path, what: str) -> Path:
    return folder.with_name(f".{folder.name}.{what}")


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """A lock of the kernel's, which a killed process gives back."""
    path = _beside(folder, "lock")
    while True:
        with path.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UsageError(
                    f"another process writes a site to {folder}", hint="wait until it has ended"
                ) from error
            if not _is_at(path, file.fileno()):
                continue  # whoever held it before has just taken it away
            try:
                yield
            finally:
                path.unlink(missing_ok=True)
            return


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


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
