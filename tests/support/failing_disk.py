"""A disk that fails at the n-th write of SQLite: its own hook for tests, `xSetSystemCall`, with a real errno."""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


class _Vfs(ctypes.Structure):
    """`sqlite3_vfs` up to the one field that is needed here."""

    _fields_ = [
        ("version", ctypes.c_int),
        ("file_size", ctypes.c_int),
        ("longest_path", ctypes.c_int),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        *((f"method_{number}", ctypes.c_void_p) for number in range(13)),
        ("set_system_call", ctypes.c_void_p),
    ]


_PWRITE = ctypes.CFUNCTYPE(
    ctypes.c_ssize_t, ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int64, use_errno=True
)
_SET = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)


@dataclass
class Writes:
    """How many there were, and how many of them were refused."""

    made: int = 0
    refused: int = 0


@contextmanager
def failing_disk(at: int, error: int, *, lasting: bool) -> Iterator[Writes]:
    """The write number `at` (from 1) fails with this errno, and every later one too where it is `lasting`.

    Raises OSError where this Python has a SQLite of its own inside, which no other code can reach.
    """
    sqlite = ctypes.CDLL(ctypes.util.find_library("sqlite3") or "libsqlite3.so.0")
    libc = ctypes.CDLL(None, use_errno=True)
    libc.pwrite64.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int64]
    libc.pwrite64.restype = ctypes.c_ssize_t
    sqlite.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
    vfs = sqlite.sqlite3_vfs_find(None)
    replace = _SET(vfs.contents.set_system_call)
    writes = Writes()

    def pwrite(file: int, data: int, size: int, offset: int) -> int:
        writes.made += 1
        if writes.made == at or (lasting and writes.made > at):
            writes.refused += 1
            ctypes.set_errno(error)
            return -1
        return int(libc.pwrite64(file, data, size, offset))

    ours = _PWRITE(pwrite)
    names = (b"pwrite", b"pwrite64")
    for name in names:
        replace(vfs, name, ctypes.cast(ours, ctypes.c_void_p))
    try:
        yield writes
    finally:
        for name in names:
            replace(vfs, name, None)
