"""Running a study: arms side by side in processes of one thread each, finished ones kept, the outcome written down."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from threading import Thread
from typing import Any

import seedbed
import seedbed_training
from seedbed.bundled_files import bundled_file
from seedbed.teacher.model_folder import model_revision
from seedbed_training.planning.whole_file import write_whole
from seedbed_training.studies.arm import Arm, Report
from seedbed_training.studies.study import Findings, R, Study

_MODELS = ("training/sandbox/student", "training/sandbox/teacher")
_WINGS = ("planning", "learning", "evaluation", "sandbox")
_ARMS = ("course.py", "growth.py", "worlds.py")
_ROOMS = ("generation", "generation/recipes", "generation/prompts/sandbox", "teacher")
_LIBRARIES = ("torch", "transformers", "tokenizers")


@dataclass(frozen=True, slots=True)
class Outcome:
    """A study that was run. `seconds` is the clock's; of arms kept from an earlier run, their own, shared out over jobs."""

    study: Study[Any]
    seeds: tuple[int, ...]
    findings: Findings
    seconds: float
    jobs: int = 2
    """Processes of one thread that it was run with."""


def run_study(
    study: Study[R], *, seeds: Sequence[int], kept: Path, jobs: int = 2, report: Report = lambda line: None
) -> Outcome:
    """Run every arm that `kept`, a folder, does not have yet, `jobs` at a time, and conclude.

    An arm is kept under a digest of everything that makes it: its own values, the sandbox's weights, and the code that
    generates, plans, trains, answers and scores. A run that was stopped goes on with the arms that are missing.
    """
    began = time.monotonic()
    made_by = _making()
    tasks = {(name, seed): arm for seed in seeds for name, arm in study.arms(seed).items()}
    paths = {key: kept / f"{_digest(arm, made_by)}.json" for key, arm in tasks.items()}
    found = {key: given for key, path in paths.items() if (given := _read(path, study.result)) is not None}
    earlier = sum(one.seconds for given in found.values() for one in given) / jobs
    if found:
        report(f"{len(found)} of {len(tasks)} arms are kept from an earlier run")
    missing = {key: arm for key, arm in tasks.items() if key not in found}
    for key, given in _take_all(missing, jobs, report, done=len(found), total=len(tasks)):
        write_whole(paths[key], json.dumps({"results": [asdict(one) for one in given]}) + "\n")
        found[key] = given
    results = {
        name: {seed: found[name, seed] for seed in seeds} for name in dict.fromkeys(name for name, _ in tasks)
    }
    seconds = earlier + time.monotonic() - began
    return Outcome(study, tuple(seeds), study.conclude(results), seconds, jobs)


def _take_all(
    arms: Mapping[tuple[str, int], Arm[R]], jobs: int, report: Report, *, done: int, total: int
) -> Iterable[tuple[tuple[str, int], tuple[R, ...]]]:
    """Each arm as it is finished. Longest first, so that no process waits long for the last one."""
    if not arms:
        return
    began, finished = time.monotonic(), 0
    order = sorted(arms, key=lambda key: -arms[key].work)
    spawn = multiprocessing.get_context("spawn")  # a forked torch may wait for ever on its parent's threads
    with (
        _heard(spawn, report) as lines,
        ProcessPoolExecutor(jobs, mp_context=spawn, initializer=_speak_into, initargs=(lines,)) as pool,
    ):
        futures = {pool.submit(_take, f"{key[0]}, seed {key[1]}", arms[key]): key for key in order}
        try:
            for future in as_completed(futures):
                given = future.result()
                key = futures[future]
                finished += 1
                left = (time.monotonic() - began) / finished * (len(arms) - finished)
                report(
                    f"arm {done + finished} of {total}: {key[0]}, seed {key[1]}: {given[-1].score:.3f} over all leaves; "
                    f"about {left / 60:.0f} min left"
                )
                yield key, given
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def _heard(context: Any, report: Report) -> Iterator[Any]:
    """A queue whose lines are reported as they come from the processes."""
    lines = context.SimpleQueue()

    def listen() -> None:
        while (line := lines.get()) is not None:
            report(line)

    listener = Thread(target=listen, daemon=True)
    listener.start()
    try:
        yield lines
    finally:
        lines.put(None)
        listener.join()


_lines: Any = None  # of this process, where it is one of a pool


def _speak_into(lines: Any) -> None:
    """Begin a process of the pool: it speaks into `lines`, and ends when the one that began it does."""
    global _lines
    _lines = lines
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # a killed study must not go on computing what nobody waits for


def _take(name: str, arm: Arm[R]) -> tuple[R, ...]:
    import torch

    torch.set_num_threads(1)
    return arm.take(lambda line: _lines.put(f"{name}: {line}"))


def _digest(arm: Arm[Any], made_by: str) -> str:
    text = json.dumps([type(arm).__name__, asdict(arm)], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(f"{made_by}\0{text}".encode()).hexdigest()[:32]


def _making() -> str:
    """A digest of the code, its own and its libraries', and of the weights that an arm's results follow from."""
    revisions = [model_revision(bundled_file(model)) for model in _MODELS]
    digest = hashlib.sha256(" ".join([*revisions, *map(version, _LIBRARIES)]).encode())
    folders = (
        *(Path(seedbed_training.__file__).parent / wing for wing in _WINGS),
        *(Path(seedbed.__file__).parent / room for room in _ROOMS),
    )
    files = [path for folder in folders for path in sorted(folder.iterdir()) if path.is_file()]
    for path in (*files, *(Path(__file__).parent / name for name in _ARMS)):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _read(path: Path, result: type[R]) -> tuple[R, ...] | None:
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return tuple(result(**one) for one in data["results"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return None  # written by hand or cut short: the arm is run again
