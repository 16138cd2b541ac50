"""Whether the taxonomy is where the settings say: a check of nothing must not pass for a check."""

from __future__ import annotations

from collections.abc import Iterable

from seedbed.config import TaxonomySettings
from seedbed.errors import ConfigurationError
from seedbed.taxonomy.leaf import BRANCHES
from seedbed.taxonomy.leaf_files import plain_root
from seedbed.taxonomy.repository import Repository


def require_taxonomy(repository: Repository, root: str, commits: Iterable[str | None]) -> None:
    """Raise ConfigurationError when no commit (None: the working tree) has the folder that `[taxonomy] root` names.

    A repository without any taxonomy yet passes, as long as its settings name the default place.
    """
    commits = tuple(commits)
    if any(_holds_something(repository, commit, plain_root(root)) for commit in commits):
        return
    at_the_top = any(
        _holds_something(repository, commit, branch) for commit in commits for branch in BRANCHES
    )
    if root == TaxonomySettings().root and not at_the_top:
        return
    raise ConfigurationError(
        f"[taxonomy] root is {root!r}, but there is no such folder in what is checked",
        hint='the branches stand at the repository\'s root: set root = "." in seedbed.toml'
        if at_the_top
        else 'set root in seedbed.toml to the folder that holds the branches, such as "taxonomy"',
    )


def _holds_something(repository: Repository, commit: str | None, path: str) -> bool:
    folder = repository.folder(commit, path)
    return bool(folder.files or folder.folders)
