"""Golden files: what a report printed when a person last looked at it."""

from __future__ import annotations

import os
from pathlib import Path


def assert_golden(path: Path, text: str) -> None:
    """Compare `text` with the file; SEEDBED_WRITE_GOLDEN=1 writes it anew, for a person to look at in the diff."""
    if os.environ.get("SEEDBED_WRITE_GOLDEN") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
