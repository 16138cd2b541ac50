"""Run `seedbed` as a person would: another process, a folder, what it prints and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def seedbed(
    *arguments: str, folder: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `seedbed` with `arguments` in `folder`; the result holds output, errors and the exit code."""
    return subprocess.run(
        [sys.executable, "-c", "from seedbed.cli.main import main; main()", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **(environment or {})},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
