"""Opening files of a working tree that nobody can be trusted to have named."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from seedbed.errors import RepositoryError


def is_safe_path(path: str) -> bool:
    """Whether a path stays inside the repository on every system: no `..`, no `.git`, no backslash, not absolute."""
    parts = path.split("/")
    return not any(
        part in ("", ".", "..")
        or part.lower().rstrip(". ") in (".git", "git~1")
        or "\\" in part
        or "\0" in part
        for part in parts
    )


def read_without_links(root: Path, path: str, limit: int) -> bytes:
    """Open `path` below `root` folder by folder, refusing a link at every step."""
    *folders, name = path.split("/")
    directory = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for folder in folders:
            deeper = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=directory)
            os.close(directory)
            directory = deeper
        found = os.lstat(name, dir_fd=directory)
        if stat.S_ISLNK(found.st_mode):
            return os.fsencode(os.readlink(name, dir_fd=directory))
        if not stat.S_ISREG(found.st_mode):
            raise OSError("not a plain file")
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
    finally:
        os.close(directory)
    with os.fdopen(handle, "rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise too_large(path, found.st_size, limit)
    return data


def printable(path: str) -> str:
    return ascii(path) if not path.isprintable() else path


def too_large(path: str, size: int, limit: int) -> RepositoryError:
    return RepositoryError(
        f"{printable(path)} has {size:,} bytes; at most {limit:,} are read", hint="make it smaller"
    )
