"""`kill -9` while samples are made, then the same again: the store is as if nothing had happened."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from support.small_taxonomy import small_taxonomy

SCRIPT = """
import asyncio, os, signal, sys
from pathlib import Path
from support.scripted_teacher import ScriptedTeacher
from seedbed.generation.generate import generate
from seedbed.generation.recipe import with_samples
from seedbed.generation.leaf_sources import read_sources
from seedbed.generation.read_recipe import load_recipe
from seedbed.generation.store import SampleStore
from seedbed.taxonomy.repository import Repository
from seedbed.teacher.journal import Journal, JournaledTeacher

root, folder, kill_at = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
asked = 0

def count(request):
    global asked
    asked += 1
    if asked == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)

async def run():
    teacher = JournaledTeacher(ScriptedTeacher(override=count), Journal.open(folder / "journal.sqlite"))
    repository = Repository.open(root)
    sources = read_sources(repository, commit=repository.head(), taxonomy_root="taxonomy")
    recipe = with_samples(load_recipe("sandbox"), 10)
    await generate(sources, recipe=recipe, teacher=teacher, store=SampleStore.open(folder))
    await teacher.close()
    print(teacher.asked, teacher.recalled)

asyncio.run(run())
"""


def grow(root: Path, folder: Path, kill_at: int = 0) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, str(root), str(folder), str(kill_at)],
        capture_output=True,
        text=True,
        env={
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "PATH": "",
            "HOME": str(folder),
            "PYTHONHASHSEED": "random",
        },
        timeout=120,
        check=False,
    )


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "samples").iterdir())}


def test_killed_and_run_again(tmp_path: Path) -> None:
    small_taxonomy(tmp_path / "repository")
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    whole = grow(tmp_path / "repository", tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr
    for kill_at in (3, 60):  # among the entrance questions, then among the answers
        killed = grow(tmp_path / "repository", tmp_path / "killed", kill_at)
        assert killed.returncode == -signal.SIGKILL
    again = grow(tmp_path / "repository", tmp_path / "killed")
    assert again.returncode == 0, again.stderr
    assert bytes_of(tmp_path / "killed") == bytes_of(tmp_path / "whole")
    asked, recalled = map(int, again.stdout.split())
    assert recalled > 0 and asked < int(whole.stdout.split()[0])
