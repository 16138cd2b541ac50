"""Writing a mended file: whole or not at all, never through a link, never over what someone else saved meanwhile."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from seedbed.errors import UsageError
from seedbed.taxonomy.safe_paths import is_safe_path, printable


def replace_file(root: Path, path: str, *, before: bytes, after: bytes) -> None:
    """Replace the file at `path` below `root`, which holds `before`, by one that holds `after`, with the same mode.

    The new bytes go to a temporary name beside it, are synced, and take its name in one step. Raises UsageError, with
    the file as it was, when a link stands anywhere on the way, the file changed since, or it cannot be written.
    """
    if not is_safe_path(path):
        raise UsageError(f"{printable(path)} is not written: it can lead outside of the repository")
    *folders, name = path.split("/")
    try:
        directory = _open_folder(root, folders)
    except OSError as error:
        raise _refused(path, error) from error
    try:
        _replace(directory, name, path, before, after)
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        os.close(directory)


def _open_folder(root: Path, folders: list[str]) -> int:
    """A handle of the folder, reached step by step; a link among the steps is an OSError."""
    directory = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    for folder in folders:
        try:
            deeper = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=directory)
        finally:
            os.close(directory)
        directory = deeper
    return directory


def _replace(directory: int, name: str, path: str, before: bytes, after: bytes) -> None:
    handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
    with os.fdopen(handle, "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            raise OSError("it is not a plain file")
        if file.read(len(before) + 1) != before:
            raise UsageError(f"{printable(path)} was saved by someone else meanwhile", hint="run it again")
    temporary = f".{name}.{secrets.token_hex(8)}.tmp"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=directory)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(after)
            file.flush()
            os.fchmod(file.fileno(), stat.S_IMODE(mode))
            os.fsync(file.fileno())
        os.rename(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
    except BaseException:
        os.unlink(temporary, dir_fd=directory)
        raise


def _refused(path: str, error: OSError) -> UsageError:
    return UsageError(
        f"{printable(path)} cannot be written: {error.strerror or error}",
        hint="it must be a plain file, in plain folders, that you may write to; links are not followed",
    )
