"""Options that several commands share, and what they have in common to begin with."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import click

from seedbed.config import Settings, load_settings, read_settings
from seedbed.errors import ConfigurationError, UsageError
from seedbed.taxonomy.changes import Base, find_base
from seedbed.taxonomy.repository import Repository

COUNTED_FROM = 100
"""Leaves from which a counter is shown; fewer are checked before one could read it."""

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


def every_option(help: str) -> Callable[[Decorated], Decorated]:
    """`--all`: every leaf rather than those that changed."""
    return click.option("--all", "every", is_flag=True, help=help)


def leaf_arguments(function: Decorated) -> Decorated:
    """`[LEAF]...` as `named`, and `--leaf NAME`, the older spelling, as `leaves`."""
    older = click.option("--leaf", "leaves", multiple=True, metavar="NAME", help="The same as LEAF.")
    return click.argument("named", metavar="[LEAF]...", nargs=-1)(older(function))


def form_option(function: Decorated) -> Decorated:
    """`--format text|json` as `form`; `--json`, the older spelling, is kept."""
    older = click.option("--json", "form", flag_value="json", hidden=True)
    return click.option(
        "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
    )(older(function))


def recipe_option(function: Decorated) -> Decorated:
    """`--recipe NAME|PATH`: by which recipe samples were made, for stores that do not keep it."""
    return click.option(
        "--recipe",
        metavar="NAME|PATH",
        help="The recipe that the samples were made by, where the store does not keep it.",
    )(function)


def config_option(function: Decorated) -> Decorated:
    """`--config FILE`: settings from this file instead of the repository's own, such as for a bare mirror."""
    return click.option(
        "--config",
        metavar="FILE",
        type=click.Path(),
        help="Read the settings from FILE instead of the repository's seedbed.toml.",
    )(function)


def open_repository(config: str | None = None) -> tuple[Repository, Settings]:
    """The repository that holds the current folder, and its settings, from the file `config` where one is named.

    Raises RepositoryError, ConfigurationError.
    """
    repository = Repository.open(Path.cwd())
    return repository, load_settings(repository.root) if config is None else _settings_of(Path(config))


def _settings_of(file: Path) -> Settings:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigurationError(
            f"--config {file} cannot be read: {reason}", hint="name a file such as seedbed.toml"
        ) from error
    return read_settings(text, source=str(file))


def find_base_of(repository: Repository, settings: Settings, *, base: str | None, head: str | None) -> Base:
    """The base to compare with, from `--base`, the CI environment and the settings; `head` is a commit id."""
    return find_base(
        repository,
        base=base,
        head=head,
        environment=os.environ,
        default_branch=settings.taxonomy.default_branch,
    )


def write_out(text: str) -> None:
    """Print text whatever the stream's encoding: what it cannot say is written as an escape."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))


def write_file(path: Path, text: str) -> None:
    """Write a report, whole or not at all. Raises UsageError when it cannot be written."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        folder = path.parent
        if not folder.exists():
            raise UsageError(
                f"{path} cannot be written: there is no folder {folder}",
                hint=f"mkdir -p {shlex.quote(str(folder))}",
            ) from error
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", hint="name a file that you may write"
        ) from error


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


def counter() -> Callable[[int, int], None] | None:
    """A counter of leaves on standard error for a large taxonomy; none where nobody watches."""
    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        if total >= COUNTED_FROM and (done % 20 == 0 or done + 1 == total):
            sys.stderr.write(f"\r{done + 1:,} of {total:,} leaves" if done + 1 < total else "\r\x1b[K")
            sys.stderr.flush()

    return show
