"""What a whole taxonomy asks, without reading all of it each time: an index of one commit, and what changed since.

The index lies beside the git objects and is never needed for a verdict: without it, it is made again, with the same
outcome. It holds hashes and paths, no text.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from seedbed.checking.postings import Asked, MemoryPostings, Postings
from seedbed.checking.questions import has_near
from seedbed.checking.stored_postings import DamagedIndexError, LayeredPostings, StoredPostings
from seedbed.errors import RepositoryError
from seedbed.taxonomy.changes import all_leaves, changed_leaves
from seedbed.taxonomy.leaf_files import LeafFiles
from seedbed.taxonomy.repository import Repository, TreeFile

MOST_CHANGES = 1_000
"""Changes since the indexed commit up to which they are laid on top; beyond, the index is made anew."""

Keys = Callable[[TreeFile, str | None], Asked]
"""What is noted of a leaf's file at a commit (None: of the working tree)."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Revision:
    """A taxonomy at a commit, or in the working tree (None)."""

    repository: Repository
    commit: str | None
    root: str

    def leaves(self) -> tuple[TreeFile, ...]:
        """Every leaf's file; looks at the whole tree."""
        return all_leaves(self.repository, revision=self.commit, taxonomy_root=self.root)


def postings_of(
    revision: Revision, keys: Keys, *, make: bool, progress: Progress | None = None
) -> Postings | None:
    """Which leaves of the revision hold a key. None when nothing is stored that fits and it is not to be made."""
    file = index_file(revision)
    stored = StoredPostings.open(file)
    if stored is not None:
        try:
            layered = _layered(stored, revision, keys)
        except DamagedIndexError:
            layered = None
            set_aside(stored)
        if layered is not None:
            return layered
    if not make:
        return None
    commit = revision.commit or revision.repository.head()
    committed = Revision(revision.repository, commit, revision.root)
    stored = StoredPostings.write(
        file, commit, _keys_of(committed.leaves(), commit, keys, progress), has_near
    )
    return _layered(stored, revision, keys) or _in_memory(revision, keys)


def index_file(revision: Revision) -> Path:
    """Where the index of a taxonomy is kept."""
    name = f"leaves-{sha256(revision.root.encode()).hexdigest()[:12]}.sqlite"
    return revision.repository.cache_folder / name


def set_aside(damaged: Postings) -> None:
    """Remove a stored index that turned out to be damaged, and say so."""
    import logging

    damaged.forget()
    logging.getLogger(__name__).warning(
        "seedbed: warning: the stored index of the taxonomy's questions is damaged and was removed; "
        "a check of all leaves makes it anew"
    )


def _layered(stored: StoredPostings, revision: Revision, keys: Keys) -> Postings | None:
    """The stored postings with the changes since; None when its commit is gone or too much has changed."""
    if stored.commit == revision.commit:
        return stored
    try:
        changes = changed_leaves(
            revision.repository, base=stored.commit, head=revision.commit, taxonomy_root=revision.root
        )
    except RepositoryError:
        return None
    if len(changes) > min(MOST_CHANGES, stored.count):
        return None
    above = MemoryPostings()
    now = LeafFiles(revision.repository, revision.commit, revision.root)
    for change in changes:
        file = None if change.blob is None else now.at(change.path)
        if file is not None:
            with contextlib.suppress(RepositoryError):
                above.add(keys(file, revision.commit))
    return LayeredPostings(stored, {change.old_path for change in changes if change.old_path}, above)


def _in_memory(revision: Revision, keys: Keys) -> MemoryPostings:
    postings = MemoryPostings()
    for asked in _keys_of(revision.leaves(), revision.commit, keys, None):
        postings.add(asked)
    return postings


def _keys_of(
    leaves: tuple[TreeFile, ...], commit: str | None, keys: Keys, progress: Progress | None
) -> Iterator[Asked]:
    """A file that cannot be read asks nothing; its own check says what is wrong with it."""
    for done, file in enumerate(leaves):
        if progress is not None:
            progress(done, len(leaves))
        with contextlib.suppress(RepositoryError):
            yield keys(file, commit)
