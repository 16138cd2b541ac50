"""A repository with its settings, store, releases and recipe: what every command of this wing begins with."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from seedbed.config import FILE_NAME, Settings, TeacherSettings, load_settings, read_settings
from seedbed.errors import ConfigurationError, UsageError
from seedbed.generation.read_recipe import load_recipe
from seedbed.generation.recipe import GenerationRecipe, with_samples
from seedbed.generation.release_manifest import ReleaseManifest, read_releases
from seedbed.generation.revocation import Revocation, read_revocations
from seedbed.generation.status import LeafState, LeafStatus
from seedbed.generation.store import SampleStore
from seedbed.taxonomy.repository import Repository
from seedbed.teacher.journal import Journal, JournaledTeacher
from seedbed.teacher.open_teacher import open_teacher, parse_teacher
from seedbed.teacher.teacher import Teacher

LEAF_FILE = "qna.yaml"
LOCAL_FOLDER = ".seedbed"
_CONFIGURATION_LIMIT = 1 << 20  # bytes of seedbed.toml, a recipe or a template


@dataclass(frozen=True, slots=True)
class Project:
    """An opened repository."""

    repository: Repository
    settings: Settings
    store: SampleStore

    @property
    def releases(self) -> tuple[ReleaseManifest, ...]:
        return read_releases(self.repository.root / self.settings.releases.path)

    @property
    def revocations(self) -> tuple[Revocation, ...]:
        return read_revocations(self.repository.root / self.settings.releases.path)

    @property
    def journal_folder(self) -> Path:
        """Beside the store; for a store elsewhere, in the repository's own folder for such things."""
        return self.store.local or self.repository.root / LOCAL_FOLDER

    def leaf_names(self, typed: Iterable[str]) -> tuple[str, ...]:
        """Names of leaves as they were typed; where one is the path of a leaf's folder or file from here, its name."""
        root = Path(os.path.realpath(self.repository.root / self.settings.taxonomy.root))
        here = Path(os.path.realpath(Path.cwd()))
        names = []
        for text in typed:
            path = Path(os.path.normpath(here / text))
            folder = path.parent if path.name == LEAF_FILE else path
            known = path.exists() and folder.is_relative_to(root) and folder != root
            names.append(folder.relative_to(root).as_posix() if known else text.rstrip("/"))
        return tuple(names)

    def recipe(self, flag: str | None, samples: int | None) -> GenerationRecipe:
        """`--recipe` as seen from here, else the settings' one, as seen from the repository's root."""
        name = flag or self.settings.generation.recipe
        if flag is None and name.endswith((".yaml", ".yml")):
            name = str(self.repository.root / name)
        recipe = load_recipe(name)
        wanted = samples or self.settings.generation.samples_per_leaf
        return with_samples(recipe, wanted) if wanted else recipe

    def open_teacher(self, flag: str | None, *, journal: str, retry_failed: bool = False) -> JournaledTeacher:
        """`--teacher`, else the settings' one, behind the journal of this name."""
        teacher = open_teacher(teacher_settings(self.settings, flag))
        return journaled(teacher, self.journal_folder / journal, retry_failed=retry_failed)


def teacher_settings(settings: Settings, flag: str | None) -> TeacherSettings:
    """What `--teacher` says, else `[teacher]`."""
    return parse_teacher(flag, settings.teacher) if flag else settings.teacher


def journaled(teacher: Teacher, path: Path, *, retry_failed: bool = False) -> JournaledTeacher:
    """A teacher that remembers its answers in the file at `path`."""
    return JournaledTeacher(teacher, Journal.open(path), retry_failed=retry_failed)


def open_project(start: Path, *, store: str | None = None, reading: bool = False) -> Project:
    """The repository that holds `start`, its settings from the working tree.

    With `reading`, a store that was named must be there: raises UsageError for a folder that is not.
    """
    repository = Repository.open(start)
    settings = load_settings(repository.root)
    opened = SampleStore.open(_store_url(repository, settings, store), cache=repository.cache_folder)
    if reading and store is not None and opened.local is not None and not opened.local.is_dir():
        raise UsageError(
            f"--store {store} is no folder that is there, so nothing can be read from it",
            hint="name the folder that holds samples/; without --store it is the one of seedbed.toml",
        )
    return Project(repository, settings, opened)


def settings_at(repository: Repository, commit: str) -> Settings:
    """The settings of a commit: a change under review cannot choose its own."""
    raw = repository.read_path(commit, FILE_NAME, _CONFIGURATION_LIMIT)
    return read_settings(
        None if raw is None else _text(raw, FILE_NAME), source=f"{FILE_NAME} of {commit[:12]}"
    )


def recipe_at(repository: Repository, commit: str, name: str) -> GenerationRecipe:
    """A recipe and its templates as they are in a commit."""

    def read(path: str) -> str | None:
        raw = repository.read_path(commit, path, _CONFIGURATION_LIMIT)
        return None if raw is None else _text(raw, path)

    return load_recipe(name, read=read)


def chosen(
    statuses: Sequence[LeafStatus], *, names: Sequence[str], everything: bool, store: SampleStore
) -> list[LeafStatus]:
    """The leaves to generate: those of these names, or all, or those that need samples; never a revoked one.

    Raises UsageError for a name that no leaf has, or that of a revoked one.
    """
    present = {status.name: status for status in statuses if status.source is not None}
    check_leaf_names(names, present)
    for name in names:
        if present[name].state is LeafState.REVOKED:
            raise UsageError(
                f"{name} is {present[name].why}",
                hint="removing its file from revocations/, beside the releases' manifests, takes the revocation back",
            )
    if names:
        return [status for status in present.values() if status.name in names]
    return [
        status
        for status in present.values()
        if status.needs_samples(store) or (everything and status.state is not LeafState.REVOKED)
    ]


def check_leaf_names(names: Iterable[str], known: Collection[str]) -> None:
    """Raise UsageError for the first of `names` that no leaf has."""
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, 1)
            hint = f"did you mean {close[0]}?" if close else "`seedbed status` lists the leaves"
            raise UsageError(f"there is no leaf {name!r} at this commit", hint=hint)


def _store_url(repository: Repository, settings: Settings, flag: str | None) -> str:
    if flag is not None:
        return flag
    path = settings.store.path
    return path if "://" in path else str(repository.root / path)


def _text(raw: bytes, source: str) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{source} is not UTF-8", hint="save it as UTF-8") from error
