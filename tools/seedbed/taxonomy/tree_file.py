"""A file of a git tree as a value: where it is, what kind of entry, which bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

REGULAR = 0o100644
EXECUTABLE = 0o100755
SYMLINK = 0o120000
SUBMODULE = 0o160000
FOLDER = 0o040000
DOUBLED = 0
"""Of a name that stands twice in one folder: which of the two is meant nobody can say, so neither is read."""

REFUSED: Mapping[int, str] = MappingProxyType(
    {
        SYMLINK: "a symbolic link, which is never followed",
        SUBMODULE: "a submodule, which is never followed",
        DOUBLED: "one of two entries of the same name, which git cannot check out",
    }
)
"""What an entry that is never read is, by its mode."""


@dataclass(frozen=True, slots=True)
class TreeFile:
    """One file of a tree.

    `path` is posix, from the repository's root; bytes that are not UTF-8 are surrogate-escaped, and a hostile tree can
    hold any name at all. `size` is in bytes; -1 where the object is missing from the store.
    """

    path: str
    mode: int
    blob: str  # 40 hex digits; for a submodule, the commit it names
    size: int

    @property
    def is_regular(self) -> bool:
        """Whether it is a plain file: no link, no submodule, and the only one of its name."""
        return self.mode in (REGULAR, EXECUTABLE, 0o100664)


@dataclass(frozen=True, slots=True)
class Folder:
    """What lies directly in one folder: its files by path, and the paths of the folders in it."""

    files: Mapping[str, TreeFile]
    folders: tuple[str, ...]


Difference = tuple[TreeFile | None, TreeFile | None]
"""One path in two trees: the file at the base and at the head, None where there is none."""
