"""Which commit gave a file the content that it has: the question that `git log -1 -- PATH` answers, for many files at once."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from seedbed.taxonomy.repository import Authored, Repository


@dataclass(frozen=True, slots=True)
class LastChange:
    """The commit that last changed a file, and who wrote it."""

    commit: str
    authored: Authored
    certain: bool
    """False where the history of a shallow clone ends: an older commit that is not here may have written the file."""


def last_changes(
    repository: Repository, commit: str, paths: Collection[str], *, under: str = ""
) -> Mapping[str, LastChange]:
    """The last change of each of `paths`, as seen from `commit`; paths that are not in it are absent.

    `under` is a folder that holds all of them. Of a merge, the first parent that has the same content is followed, as
    git does. One walk serves all paths and ends with the last one found; costs a comparison of trees per commit.
    """
    present = {file.path for file in repository.files(commit, under)}
    waiting: dict[str, set[str]] = {commit: present & set(paths)}
    newest_first = [(-repository.authored(commit).committed, commit)]
    found: dict[str, LastChange] = {}
    while newest_first and len(found) < len(paths):
        _, current = heapq.heappop(newest_first)
        here = waiting.pop(current)
        for parent in repository.parents(current):
            differing = repository.differing(parent, current, under)
            changed = {file.path for pair in differing for file in pair if file is not None}
            same = here - changed
            here &= changed
            if not same:
                continue
            if parent not in waiting:
                heapq.heappush(newest_first, (-repository.authored(parent).committed, parent))
            waiting.setdefault(parent, set()).update(same)
        certain = bool(repository.parents(current)) or not repository.is_shallow
        change = LastChange(current, repository.authored(current), certain)
        found |= dict.fromkeys(sorted(here), change)
    return found


@dataclass(frozen=True, slots=True)
class Contributor:
    """Someone whose commits changed a file, as the commits name them, and how many did."""

    name: str
    changes: int


def contributors(
    repository: Repository, commit: str, *, under: str = ""
) -> Mapping[str, tuple[Contributor, ...]]:
    """Who changed each file below `under` that is there at `commit`: the most changes first, then by name.

    What `git log` shows without merges, and over moves that changed nothing else. Where the history of a shallow clone
    ends nobody is named, since older commits may have written what is there. Costs a comparison of trees per commit.
    """
    changes: dict[str, Counter[str]] = {}
    for current in _oldest_first(repository, commit):
        parents = repository.parents(current)
        if len(parents) > 1 or (not parents and repository.is_shallow):
            continue
        if parents:
            pairs = repository.differing(parents[0], current, under)
        else:
            pairs = tuple((None, file) for file in repository.files(current, under))
        gone = {old.blob: old.path for old, new in pairs if old is not None and new is None}
        name = repository.authored(current).name
        for old, new in pairs:
            if new is None:
                continue
            moved_from = gone.get(new.blob) if old is None else None
            so_far = changes.get(moved_from, Counter()) if moved_from else changes.get(new.path, Counter())
            changes[new.path] = so_far + Counter([name])
    return {
        file.path: tuple(
            Contributor(name, count)
            for name, count in sorted(changes[file.path].items(), key=lambda pair: (-pair[1], pair[0]))
        )
        for file in repository.files(commit, under)
        if file.path in changes
    }


def _oldest_first(repository: Repository, commit: str) -> list[str]:
    """Every commit that led to `commit`, parents before their children."""
    ordered: list[str] = []
    begun: set[str] = set()
    waiting: list[tuple[str, bool]] = [(commit, False)]
    while waiting:
        current, parents_done = waiting.pop()
        if parents_done:
            ordered.append(current)
        elif current not in begun:
            begun.add(current)
            waiting.append((current, True))
            waiting += [(parent, False) for parent in reversed(repository.parents(current))]
    return ordered
