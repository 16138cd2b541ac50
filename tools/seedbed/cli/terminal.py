"""What is known of the terminal that a person looks at."""

from __future__ import annotations

import os
from typing import TextIO


def width_of(stream: TextIO) -> int | None:
    """Columns of the terminal that `stream` writes to (`COLUMNS` comes first, as in a shell); None for a file or pipe."""
    if not stream.isatty():
        return None
    named = os.environ.get("COLUMNS", "")
    if named.isdecimal() and int(named) > 0:
        return int(named)
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):  # a terminal that does not tell its size
        return None
