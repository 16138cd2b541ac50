"""Which commit gave a file the content that it has: the question that `git log -1 -- PATH` answers, for many files at once."""

from __future__ import annotations

import heapq
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
