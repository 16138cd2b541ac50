"""The rules over very many leaves, on all processors: each process opens the repository for itself and takes parts."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from seedbed.checking.finding import Finding
from seedbed.checking.occasion import Occasion
from seedbed.checking.tree import Tree
from seedbed.config import IgnoredFindings
from seedbed.taxonomy.repository import Repository

WORTHWHILE_FROM = 2_000
"""Leaves from which starting processes pays."""
PART = 250

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Place:
    """A taxonomy as another process finds it."""

    repository: Path
    commit: str | None
    root: str


def findings_of_many(
    occasion: Occasion,
    tree: Tree,
    place: Place,
    leaves: Mapping[str, bool],
    progress: Progress | None = None,
) -> dict[str, list[Finding]]:
    """What `occasion.findings(tree, leaves)` gives; in several processes where that pays."""
    processes = min(os.cpu_count() or 1, 8)
    if len(leaves) < WORTHWHILE_FROM or processes == 1 or sys.platform != "linux":
        return occasion.findings(tree, leaves, progress)
    tree.others.prepare_index(progress)  # once, for all of them
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # Forked, so that nothing has to be sent but findings; each child opens the repository and the index for itself.
    pool = ProcessPoolExecutor(processes, get_context("fork"), _start, (occasion, place, leaves))
    found: dict[str, list[Finding]] = {}
    gc.freeze()  # else each child's collector would touch, and so copy, every page that it shares with the parent
    with pool:
        try:
            for part, used in pool.map(_findings, _parts(leaves)):
                found.update(part)
                occasion.used.update(used)
                if progress is not None:
                    progress(len(found) - 1, len(leaves))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        finally:
            gc.unfreeze()
    return found


def _parts(leaves: Mapping[str, bool]) -> Iterator[list[str]]:
    paths = iter(leaves)
    while part := list(islice(paths, PART)):
        yield part


_State = tuple[Occasion, Tree, Mapping[str, bool]]
_state: list[_State] = []
"""What a process was started with; a pool gives its workers no other place to keep it."""


def _start(occasion: Occasion, place: Place, leaves: Mapping[str, bool]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interruption is the parent's to handle
    tree = Tree(Repository.open(place.repository), place.commit, place.root)
    _state[:] = [(occasion, tree, leaves)]


def _findings(paths: list[str]) -> tuple[dict[str, list[Finding]], Counter[IgnoredFindings]]:
    occasion, tree, leaves = _state[0]
    occasion.used.clear()
    part = {path: leaves[path] for path in paths}
    return occasion.findings(tree, part, checked=leaves.keys()), Counter(occasion.used)
