"""Folder names are short, lower-case words.

Names with upper case, spaces or other signs differ between file systems that tell `Tides` from `tides` and those that
do not, and must be quoted in every command. Paths above 200 bytes or ten folders do not fit some systems.

Warns: `knowledge/Sea Words/qna.yaml`

Passes: `knowledge/sea_words/qna.yaml`

To fix it: rename the folder as the finding says.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from seedbed.checking.finding import Finding, Severity
from seedbed.checking.rules.unsafe_path import trouble_of
from seedbed.checking.surroundings import Surroundings
from seedbed.checking.texts import start_of
from seedbed.taxonomy.leaf import LeafFile
from seedbed.taxonomy.leaf_files import FILE_NAME

CODE = "SB203"
SEVERITY = Severity.WARNING
LONGEST_PATH = 200  # bytes
DEEPEST = 10  # folders

_PLAIN = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


def check(leaf: LeafFile, around: Surroundings) -> Iterator[Finding]:
    """One finding that names every folder to rename, then one for a path that is too long.

    Of a name that cannot be checked out SB202 speaks, and SB201 of the folders too where it asks for another path.
    """
    parts = leaf.name.split("/")[1:]
    odd = [part for part in parts if _PLAIN.fullmatch(part) is None and trouble_of(part) is None]
    if odd and leaf.path.endswith(f"/{FILE_NAME}"):
        better = "/".join([leaf.name.split("/")[0], *map(better_folder, parts)])
        yield _finding(
            leaf,
            f"{'the folder name' if len(odd) == 1 else 'the folder names'} {', '.join(f'`{part}`' for part in odd)} "
            "should be lower-case letters, digits, `_` or `-`, which every system keeps apart",
            f"rename the leaf's folder to `{better}`",
            "/".join(odd),
        )
    if len(leaf.path.encode("utf-8", "surrogateescape")) > LONGEST_PATH or len(parts) > DEEPEST:
        yield _finding(
            leaf,
            f"the path has {len(parts)} folders and {len(leaf.path)} characters; some systems stop at "
            f"{DEEPEST} folders or {LONGEST_PATH} bytes",
            "use fewer or shorter folder names",
            "long",
        )


def _finding(leaf: LeafFile, message: str, help: str, value: str) -> Finding:
    return Finding(CODE, SEVERITY, leaf.path, start_of(leaf), message, value=value, help=help)


def better_folder(part: str) -> str:
    """A folder name that every system keeps, near to `part`; the same one where it is fine."""
    if _PLAIN.fullmatch(part) is not None:
        return part
    plain = unicodedata.normalize("NFKD", part).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_.-]+", "_", plain).strip("_.-")[:64] or "topic"
