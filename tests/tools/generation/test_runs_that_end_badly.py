"""`kill -9` at random moments, and a disk that fails at its n-th change: the store is valid each time, and the end the same.

SEEDBED_KILLS=200 and SEEDBED_FAULT_STEP=1 try all that the project promises.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import support.runs_that_end_badly as script

KILLS = os.environ.get("SEEDBED_KILLS", "4")
FAULT_STEP = os.environ.get("SEEDBED_FAULT_STEP", "61")


def run(what: str, number: str, folder: Path, **environment: str) -> dict[str, Any]:
    tests = Path(script.__file__).parents[1]
    found = subprocess.run(
        [sys.executable, script.__file__, what, number, "1", str(folder)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tests), *sys.path]), **environment},
        timeout=3000,
        check=False,
    )
    assert found.returncode == 0, found.stderr[-3000:]
    result: dict[str, Any] = json.loads(found.stdout.splitlines()[-1])
    print(result)
    return result


def test_killed_at_any_moment(tmp_path: Path) -> None:
    found = run("kills", KILLS, tmp_path)
    assert found["kills"] == int(KILLS) and found["ended"] >= 1


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler to make a failing disk with")
def test_a_disk_that_fails(tmp_path: Path) -> None:
    library = tmp_path / "faulty_disk.so"
    source = Path(script.__file__).with_name("faulty_disk.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    found = run("faults", FAULT_STEP, tmp_path, LD_PRELOAD=str(library))
    assert found["changes"] > 50 and found["refused"] > 0
