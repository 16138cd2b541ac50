"""Files that appear whole or not at all: plans, records, evaluations, manifests."""

from __future__ import annotations

import os
from pathlib import Path

from seedbed.errors import StoreError


def write_whole(path: Path, content: str | bytes) -> None:
    """Put `content` at `path`, durably, in place of what was there, or not at all. Raises StoreError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StoreError(
            f"{path} cannot be written: {error}",
            hint="make room or mend its permissions, then run the same command again",
        ) from error
