"""The worst trees, each in a process of its own, as a person or a bot would start it: time, memory, output."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.hostile_trees import FILE, SECONDS, Entry, leaf, taxonomy, write_tree
from support.repositories import RepositoryBuilder, large_zero_blob
from support.shown_safely import assert_shown_safely

MEBIBYTES = 300
_RUN = """
import re, sys, time
from pathlib import Path
from seedbed.cli.main import main
try:
    main()
finally:
    status = Path("/proc/self/status").read_text()
    peak = re.search(r"VmHWM:\\s+(\\d+)", status)[1]
    sys.stderr.write(f"\\nMEASURED {peak} {time.process_time()}")
"""


def worst(builder: RepositoryBuilder) -> Mapping[str, Mapping[bytes, Entry]]:
    bomb = "a0: &a0 [lol, lol]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 40)
    )
    zeros = builder.raw_tree([(FILE, b"qna.yaml", large_zero_blob(builder, 400 * 1024 * 1024))])
    return {
        "SB104": {b"bomb": leaf(bomb.encode())},
        "SB103": {b"zeros": zeros},
        "SB106": {b"braces": leaf(b"{" * 260_000)},
        "SB112": {b"keys": leaf(b"".join(b"k%d: v\n" % number for number in range(9_000)))},
    }


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
def test_memory_and_time_of_the_worst(tmp_path: Path) -> None:
    builder = RepositoryBuilder(tmp_path)
    for code, skills in worst(builder).items():
        commit = builder.commit_tree(write_tree(builder, taxonomy(skills)), reference=f"refs/hostile/{code}")
        done = subprocess.run(
            [sys.executable, "-c", _RUN, "check", "--all", "--head", commit],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        assert done.returncode == 1, done.stderr
        assert code in done.stdout and "SB107" in done.stdout
        assert_shown_safely("text", done.stdout)
        peak, seconds = done.stderr.rsplit("MEASURED ", 1)[1].split()
        assert int(peak) / 1024 < MEBIBYTES, f"{code} took {int(peak) / 1024:.0f} MiB"
        assert float(seconds) < SECONDS, f"{code} took {seconds} s"
