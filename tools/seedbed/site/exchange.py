"""Two folders change names in one step of the file system, so that there is no moment at which either name is nobody's."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

_HERE = -100  # AT_FDCWD: a path is no open folder's (fcntl.h)
_SWAP = 2  # RENAME_EXCHANGE (linux/fs.h), RENAME_SWAP (sys/stdio.h of macOS)


def exchanged(one: Path, other: Path) -> bool:
    """Give each of two folders the other's name. False, and nothing is changed, where the system cannot do it."""
    library = ctypes.CDLL(None)
    paths = os.fsencode(one), os.fsencode(other)
    if hasattr(library, "renameat2"):  # Linux, renameat2(2)
        return bool(library.renameat2(_HERE, paths[0], _HERE, paths[1], _SWAP) == 0)
    if hasattr(library, "renamex_np"):  # macOS, renamex_np(2)
        return bool(library.renamex_np(*paths, _SWAP) == 0)
    return False
