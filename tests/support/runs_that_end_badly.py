"""A script: many runs of generation, each in a forked process, killed at a random moment or met by a failing disk.

    python runs_that_end_badly.py kills COUNT SEED FOLDER
    LD_PRELOAD=faulty_disk.so python runs_that_end_badly.py faults STEP 0 FOLDER

After each the store is read whole; a run that came to its end is compared with one that nothing happened to. Prints
what it saw as JSON; raises when a law is broken.
"""

from __future__ import annotations

import asyncio
import concurrent.futures.thread  # noqa: F401 here and below: what each fork would load for itself
import ctypes
import errno
import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path

import jinja2.sandbox  # noqa: F401
import orjson  # noqa: F401
import pyarrow.parquet  # noqa: F401
from support.scripted_teacher import ScriptedTeacher
from support.small_taxonomy import FREEFORM, KNOWLEDGE, small_taxonomy

from seedbed.errors import SeedbedError
from seedbed.generation.generate import generate
from seedbed.generation.leaf_sources import read_sources
from seedbed.generation.read_recipe import load_recipe
from seedbed.generation.recipe import with_samples
from seedbed.generation.store import SampleStore
from seedbed.taxonomy.repository import Repository
from seedbed.teacher.journal import Journal, JournaledTeacher, request_key
from seedbed.teacher.teacher import Completion, Request

IN_FLIGHT = 8
FINE, STORE_ERROR, DEFECT = 0, 3, 4
DIES = -1  # as in faulty_disk.c
MOST_CHANGES = 5_000


class CountedTeacher(ScriptedTeacher):
    """Notes each request in a file before it answers, and takes a moment for it."""

    def __init__(self, notes: Path, *, pause: float) -> None:
        super().__init__(concurrency=IN_FLIGHT)
        self._notes = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._pause = pause

    async def complete(self, request: Request) -> Completion:
        os.write(self._notes, f"{request_key(self.identity, request)}\n".encode())
        await asyncio.sleep(self._pause)
        return await super().complete(request)


def grow(repository: Path, store: Path, notes: Path, names: list[str] | None, pause: float) -> int:
    """One run, as `seedbed generate` would; its exit code."""
    try:
        opened = Repository.open(repository)
        sources = read_sources(opened, commit=opened.head(), taxonomy_root="taxonomy", names=names)
        recipe = with_samples(load_recipe("sandbox"), 6)

        async def run() -> None:
            teacher = JournaledTeacher(
                CountedTeacher(notes, pause=pause), Journal.open(store / "journal.sqlite")
            )
            try:
                await generate(sources, recipe=recipe, teacher=teacher, store=SampleStore.open(store))
            finally:
                await teacher.close()

        asyncio.run(run())
        SampleStore.open(store).catalogue()
        return FINE
    except SeedbedError:
        return STORE_ERROR
    except BaseException:  # noqa: BLE001 whatever it is, the parent is told
        traceback.print_exc()
        return DEFECT


def forked(work: object, *, kill_after: float | None = None) -> int | None:
    """The exit code of `work` in a process of its own; None when it was killed."""
    child = os.fork()
    if child == 0:
        os._exit(work())  # type: ignore[operator]
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return None if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)


def read_whole(store: Path) -> int:
    """Every sample of every key, digests checked; none is damaged."""
    opened = SampleStore.open(store)
    for key in opened.keys():  # noqa: SIM118 a store is no mapping
        assert opened.whole(key) is not None, f"{key} is damaged"
        opened.read(key)
    return FINE


def bytes_of(store: Path) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes() for path in sorted((store / "samples").iterdir()) if path.name[0] != "."
    }


def asked_in(notes: Path) -> list[str]:
    return notes.read_text().splitlines() if notes.exists() else []


def kills(count: int, seed: int, folder: Path) -> dict[str, float]:
    """Kill so many runs, each at a random moment of what a whole one takes; begin anew when one has come to its end."""
    chance = random.Random(seed)
    repository, notes = folder / "repository", folder / "notes"
    whole = folder / "whole"
    start = time.monotonic()
    assert forked(lambda: grow(repository, whole, notes, None, 0.002)) == FINE
    seconds = time.monotonic() - start
    reference, once = bytes_of(whole), len(asked_in(notes))
    notes.unlink()
    store, round_, killed, ended, again_most = folder / "killed-0", 0, 0, 0, 0
    known: set[str] = set()

    def count_again() -> int:
        nonlocal known
        asked = asked_in(notes)
        notes.unlink(missing_ok=True)
        again = sum(key in known for key in asked)
        assert len(asked) == len(set(asked)), "one run asked the same twice"
        known |= set(asked)
        return again

    def finish() -> None:
        nonlocal store, round_, known, ended
        assert bytes_of(store) == reference
        ended += 1
        shutil.rmtree(store)
        round_, known = round_ + 1, set()
        store = folder / f"killed-{round_}"

    while killed < count:
        after = chance.uniform(0, 1.2 * seconds)
        code = forked(lambda: grow(repository, store, notes, None, 0.002), kill_after=after)
        assert code in (None, FINE), code
        again = count_again()
        assert again <= IN_FLIGHT, f"{again} asked again"
        again_most = max(again, again_most)
        killed += code is None
        assert forked(lambda: read_whole(store)) == FINE
        if code == FINE:
            finish()
    assert forked(lambda: grow(repository, store, notes, None, 0.0)) == FINE
    assert count_again() <= IN_FLIGHT
    finish()
    return {"kills": killed, "ended": ended, "asked_again_at_most": again_most, "requests_of_a_run": once}


def faults(step: int, folder: Path) -> dict[str, float]:
    """A disk that fails at every `step`-th change of a file, in each way, until a run makes no more changes; after each
    the same run again."""
    library = ctypes.CDLL(None)
    repository, notes, calls = folder / "repository", folder / "notes", folder / "calls"
    names = [FREEFORM, KNOWLEDGE]

    def run(store: Path, at: int = 0, way: int = 0) -> int:
        library.faulty_disk(ctypes.c_long(at), way, str(store).encode())
        result = grow(repository, store, notes, names, 0.0)
        calls.write_text(str(library.faulty_disk_calls()))
        return result

    whole = folder / "whole"
    assert forked(lambda: run(whole)) == FINE
    reference = bytes_of(whole)
    counts = {"changes": int(calls.read_text()), "faults": 0, "refused": 0, "killed": 0}
    for way in (errno.EIO, errno.ENOSPC, DIES):
        for at in range(1, MOST_CHANGES, step):
            case, store = f"change {at}, way {way}", folder / f"fault-{way}-{at}"
            notes.unlink(missing_ok=True)
            calls.unlink(missing_ok=True)
            outcome = forked(lambda store=store, at=at, way=way: run(store, at, way))
            assert outcome in ((None, FINE) if way == DIES else (STORE_ERROR, FINE)), f"{case}: {outcome}"
            met = outcome is None or int(calls.read_text()) >= at
            counts["faults"] += met
            counts["refused"] += outcome == STORE_ERROR
            counts["killed"] += outcome is None
            assert forked(lambda store=store: read_whole(store)) == FINE
            first = asked_in(notes)
            notes.unlink(missing_ok=True)
            assert forked(lambda store=store: run(store)) == FINE
            again = sum(key in set(first) for key in asked_in(notes))
            assert again <= IN_FLIGHT, f"{case}: {again} asked again"
            assert bytes_of(store) == reference, case
            shutil.rmtree(store)
            if not met:
                break
        else:
            raise AssertionError(f"a run makes more than {MOST_CHANGES:,} changes")
    return counts


if __name__ == "__main__":
    what, number, seed_, place = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    small_taxonomy(place / "repository")
    load_recipe("sandbox")  # and with it the reader of YAML
    found = kills(number, seed_, place) if what == "kills" else faults(number, place)
    print(json.dumps(found))
