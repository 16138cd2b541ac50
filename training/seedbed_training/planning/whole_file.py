"""Files that appear whole or not at all, and stay after a power cut: plans, records, evaluations, manifests."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from seedbed.errors import StoreError


def write_whole(path: Path, content: str | bytes) -> None:
    """Put `content` at `path`, durably, in place of what was there, or not at all. Raises StoreError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        make_folder(path.parent)
        with temporary.open("wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync(path.parent)
    except OSError as error:
        with suppress(OSError):  # it may never have come to be; the first error is the one to tell
            temporary.unlink(missing_ok=True)
        raise StoreError(
            f"{path} cannot be written: {error}",
            hint="make room or mend its permissions, then run the same command again",
        ) from error


def make_folder(path: Path) -> None:
    """Make `path` and the folders above it where they are not there, durably. Raises OSError."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(exist_ok=True)
    sync(path.parent)


def sync(path: Path) -> None:
    """Bring what a file, or the names in a folder, hold to the disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
