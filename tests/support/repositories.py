"""Real git repositories for tests: fixed author and time, so that equal content gives equal ids everywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pygit2

AUTHOR = pygit2.Signature("Robin Test", "robin@example.org", 1_700_000_000, 0)

SKILL = """\
version: 3
created_by: robin
task_description: Name the capital of a country.
seed_examples:
  - question: What is the capital of France?
    answer: Paris
  - question: What is the capital of Norway?
    answer: Oslo
  - question: What is the capital of Japan?
    answer: Tokyo
  - question: What is the capital of Kenya?
    answer: Nairobi
  - question: What is the capital of Peru?
    answer: Lima
"""

ATTRIBUTION = """\
Title of work: Capitals
License of the work: CC0-1.0
Creator names: Robin Test
"""


class RepositoryBuilder:
    """A repository in `path` that a test writes to and commits in."""

    def __init__(self, path: Path, *, branch: str = "main") -> None:
        self.path = path
        self.git = pygit2.init_repository(str(path), initial_head=branch)

    def write(self, path: str, content: str | bytes) -> Path:
        """Write a file of the working tree, with the folders above it."""
        target = self.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return target

    def write_leaf(
        self, folder: str, content: str | bytes = SKILL, *, attribution: str | None = ATTRIBUTION
    ) -> Path:
        """Write `qna.yaml` and, unless None, `attribution.txt` into `folder`."""
        if attribution is not None:
            self.write(f"{folder}/attribution.txt", attribution)
        return self.write(f"{folder}/qna.yaml", content)

    def remove(self, path: str) -> None:
        (self.path / path).unlink()

    def commit(self, message: str = "change", *, parents: Sequence[str] | None = None) -> str:
        """Commit the whole working tree on the branch that is checked out; returns the commit's id."""
        index = self.git.index
        index.read()
        index.add_all()
        index.write()
        return self._commit(index.write_tree(), message, parents)

    def commit_files(self, files: Mapping[str, str | bytes], message: str = "change") -> str:
        """Write the files and commit."""
        for path, content in files.items():
            self.write(path, content)
        return self.commit(message)

    def branch(self, name: str, commit: str | None = None) -> None:
        """Make a branch at `commit` (HEAD) and check it out."""
        self.git.branches.local.create(name, self.git[commit or self.head])
        self.checkout(name)

    def checkout(self, name: str) -> None:
        self.git.checkout(f"refs/heads/{name}", strategy=pygit2.enums.CheckoutStrategy.FORCE)

    def merge(self, name: str, message: str = "merge") -> str:
        """Merge a branch into the one that is checked out, always with a merge commit; returns its id."""
        ours, theirs = self.head, str(self.git.branches.local[name].target)
        index = self.git.merge_commits(ours, theirs)
        commit = self._commit(index.write_tree(self.git), message, [ours, theirs])
        self.git.reset(commit, pygit2.enums.ResetMode.HARD)
        return commit

    def commit_tree(self, tree: pygit2.Oid, *, reference: str = "refs/heads/hostile") -> str:
        """A commit without parents of any tree, however it was made; returns its id."""
        return str(self.git.create_commit(reference, AUTHOR, AUTHOR, "tree", tree, []))

    def raw_tree(self, entries: Sequence[tuple[int, bytes, pygit2.Oid]]) -> pygit2.Oid:
        """A tree of (mode, name, id) entries written as they are, without git's own checks."""
        data = b"".join(b"%o %s\0" % (mode, name) + oid.raw for mode, name, oid in entries)
        return self.git.odb.write(pygit2.enums.ObjectType.TREE, data)

    def blob(self, content: bytes) -> pygit2.Oid:
        return self.git.create_blob(content)

    def set_reference(self, name: str, commit: str) -> None:
        self.git.references.create(name, pygit2.Oid(hex=commit), force=True)

    @property
    def head(self) -> str:
        return str(self.git.head.target)

    def _commit(self, tree: pygit2.Oid, message: str, parents: Sequence[str] | None) -> str:
        before = [] if self.git.head_is_unborn else [self.head]
        found = before if parents is None else list(parents)
        return str(self.git.create_commit("HEAD", AUTHOR, AUTHOR, message, tree, found))


def corrupt_object(git_folder: Path, oid: str) -> None:
    """Flip a byte of a loose object."""
    path = git_folder / "objects" / oid[:2] / oid[2:]
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[-1] ^= 0xFF
    path.write_bytes(bytes(data))


def large_zero_blob(repository: RepositoryBuilder, size: int) -> pygit2.Oid:
    """A blob of `size` zero bytes: small in the store, large once inflated."""
    return repository.git.odb.write(pygit2.enums.ObjectType.BLOB, b"\0" * size)
