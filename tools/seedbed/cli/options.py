"""Options that several commands share, and what they have in common to begin with."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import click

from seedbed.config import Settings, load_settings
from seedbed.errors import UsageError
from seedbed.taxonomy.repository import Repository

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def base_option(function: Decorated) -> Decorated:
    """`--base REV`: what the change is compared with."""
    return click.option(
        "--base", metavar="REV", help="Compare with this branch or commit instead of looking for the base."
    )(function)


def head_option(function: Decorated) -> Decorated:
    """`--head REV`: read this commit from the object store instead of the working tree."""
    return click.option(
        "--head",
        metavar="REV",
        help="Read this commit, without checking it out, instead of the working tree.",
    )(function)


def fail_on_empty_option(function: Decorated) -> Decorated:
    """`--fail-on-empty`: exit 3 when there is nothing to do."""
    return click.option("--fail-on-empty", is_flag=True, help="Exit with 3 when there is nothing to do.")(
        function
    )


def open_repository() -> tuple[Repository, Settings]:
    """The repository that holds the current folder, and its settings. Raises RepositoryError, ConfigurationError."""
    repository = Repository.open(Path.cwd())
    return repository, load_settings(repository.root)


def repository_paths(repository: Repository, paths: tuple[str, ...]) -> tuple[str, ...]:
    """Paths as typed, from the repository's root in posix form; raises UsageError for one that lies outside.

    Links are not followed: what is typed is what is looked up.
    """
    root = Path(os.path.realpath(repository.root))
    here = Path(os.path.realpath(Path.cwd()))
    found = []
    for path in paths:
        whole = Path(os.path.normpath(here / path))
        if not whole.is_relative_to(root):
            raise UsageError(f"{path} lies outside of the repository {root}", hint="name a path inside of it")
        found.append(str(PurePosixPath(whole.relative_to(root))))
    return tuple(found)
