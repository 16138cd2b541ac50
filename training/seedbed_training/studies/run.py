"""Running a study: arms side by side in processes of one thread each, finished ones kept, the outcome written down."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import seedbed_training
from seedbed.bundled_files import bundled_file
from seedbed.teacher.model_folder import model_revision
from seedbed_training.planning.whole_file import write_whole
from seedbed_training.studies.course import BASE, Course, Lesson, take
from seedbed_training.studies.study import Findings, Results, Study

Report = Callable[[str], None]
_WINGS = ("planning", "learning", "evaluation", "studies")


@dataclass(frozen=True, slots=True)
class Outcome:
    """A study that was run. `seconds` is the clock's; of arms kept from an earlier run, their own, shared out over jobs."""

    study: Study
    seeds: tuple[int, ...]
    findings: Findings
    seconds: float


def run_study(
    study: Study, *, seeds: Sequence[int], kept: Path, jobs: int = 2, report: Report = lambda line: None
) -> Outcome:
    """Run every arm that `kept`, a folder, does not have yet, `jobs` at a time, and conclude.

    An arm is kept under a digest of everything that makes it: its course, the base's weights, and the code that plans,
    trains and scores. A run that was stopped goes on with the arms that are missing.
    """
    began = time.monotonic()
    made_by = _making()
    tasks = {(arm, seed): course for seed in seeds for arm, course in study.arms(seed).items()}
    paths = {key: kept / f"{_digest(course, made_by)}.json" for key, course in tasks.items()}
    found = {key: lessons for key, path in paths.items() if (lessons := _read(path)) is not None}
    earlier = sum(lesson.seconds for lessons in found.values() for lesson in lessons) / jobs
    if found:
        report(f"{len(found)} of {len(tasks)} arms are kept from an earlier run")
    missing = {key: course for key, course in tasks.items() if key not in found}
    for key, lessons in _take_all(missing, jobs, report, done=len(found), total=len(tasks)):
        write_whole(paths[key], json.dumps({"lessons": [asdict(lesson) for lesson in lessons]}) + "\n")
        found[key] = lessons
    results: Results = {
        arm: {seed: found[arm, seed] for seed in seeds} for arm in dict.fromkeys(arm for arm, _ in tasks)
    }
    seconds = earlier + time.monotonic() - began
    return Outcome(study, tuple(seeds), study.conclude(results), seconds)


def _take_all(
    courses: Mapping[tuple[str, int], Course], jobs: int, report: Report, *, done: int, total: int
) -> Iterable[tuple[tuple[str, int], tuple[Lesson, ...]]]:
    """Each arm as it is finished. Longest first, so that no process waits long for the last one."""
    if not courses:
        return
    began, finished = time.monotonic(), 0
    order = sorted(courses, key=lambda key: -courses[key].steps * len(courses[key].lessons))
    spawn = multiprocessing.get_context("spawn")  # a forked torch may wait for ever on its parent's threads
    with (
        _heard(spawn, report) as lines,
        ProcessPoolExecutor(jobs, mp_context=spawn, initializer=_speak_into, initargs=(lines,)) as pool,
    ):
        futures = {pool.submit(_take, f"{key[0]}, seed {key[1]}", courses[key]): key for key in order}
        try:
            for future in as_completed(futures):
                lessons = future.result()
                key = futures[future]
                finished += 1
                left = (time.monotonic() - began) / finished * (len(courses) - finished)
                mean = sum(lessons[-1].scores.values()) / len(lessons[-1].scores)
                report(
                    f"arm {done + finished} of {total}: {key[0]}, seed {key[1]}: {mean:.3f} over all leaves; "
                    f"about {left / 60:.0f} min left"
                )
                yield key, lessons
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


def _take(name: str, course: Course) -> tuple[Lesson, ...]:
    import torch

    torch.set_num_threads(1)
    return take(course, lambda line: _lines.put(f"{name}: {line}"))


def _digest(course: Course, made_by: str) -> str:
    text = json.dumps(asdict(course), sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(f"{made_by}\0{text}".encode()).hexdigest()[:32]


def _making() -> str:
    """A digest of the code and the weights that an arm's scores follow from."""
    digest = hashlib.sha256(model_revision(bundled_file(BASE)).encode())
    package = Path(seedbed_training.__file__).parent
    for path in sorted(path for wing in _WINGS for path in (package / wing).glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _read(path: Path) -> tuple[Lesson, ...] | None:
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return tuple(Lesson(**lesson) for lesson in data["lessons"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return None  # written by hand or cut short: the arm is run again
