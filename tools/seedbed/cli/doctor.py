"""`seedbed doctor`: whether all that the other commands need is in place, and what to do where it is not."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import click

from seedbed.cli.diagnosis import Diagnosis, State
from seedbed.cli.doctor_teacher import diagnose_teacher
from seedbed.cli.options import config_option, find_base_of, open_repository
from seedbed.cli.terminal import width_of
from seedbed.config import FILE_NAME, Settings, TeacherSettings
from seedbed.errors import ExitCode, RepositoryError, SeedbedError, install_command
from seedbed.reports.escape import terminal_text
from seedbed.reports.wrapping import wrapped
from seedbed.taxonomy.changes import all_leaves
from seedbed.taxonomy.leaf import BRANCHES
from seedbed.taxonomy.read_leaf import MAXIMUM_BYTES
from seedbed.taxonomy.repository import Repository
from seedbed.teacher.open_teacher import parse_teacher

EXTRAS = {
    "generate": ("aiohttp", "fsspec", "jinja2", "orjson", "pyarrow"),
    "documents": ("lxml", "markdownify", "pypdf"),
    "embeddings": ("model2vec", "numpy"),
    "train": ("torch", "transformers", "safetensors", "matplotlib", "llguidance"),
    "vllm": ("vllm",),
    "scale": ("vllm", "ray"),
}
"""Extra → the libraries it brings."""

SETTINGS = "the one of seedbed.toml"
"""What `--teacher` without a value stands for."""

BACKEND_EXTRAS = {"transformers": "train", "openai": "generate", "vllm": "vllm", "ray": "scale"}


@click.command(short_help="Say whether all is in place, and what to do if not.")
@config_option
@click.option(
    "--teacher",
    is_flag=False,
    flag_value=SETTINGS,
    metavar="[TEACHER]",
    help="Open this teacher, or the one of seedbed.toml, ask it what it can do and measure its speed "
    "(some hundred short answers).",
)
def doctor(config: str | None, teacher: str | None) -> int:
    """Look at git, the base, hooks, settings, the teacher, installed extras and the editor's schema lines.

    Exit 1 only when something keeps `seedbed check` from running, or the teacher of --teacher from answering.
    """
    blocked = False
    for diagnosis in diagnose(config) if teacher is None else diagnose_asked_teacher(config, teacher):
        click.echo(_shown(diagnosis))
        blocked = blocked or diagnosis.state is State.BLOCKED
    return ExitCode.FINDINGS if blocked else ExitCode.FINE


def diagnose_asked_teacher(config: str | None, teacher: str) -> Iterator[Diagnosis]:
    """The teacher alone: of `--teacher`, or of the settings. Without a repository the settings are the defaults."""
    try:
        settings = open_repository(config)[1].teacher
    except RepositoryError:
        settings = TeacherSettings()
    except SeedbedError as error:
        yield Diagnosis("settings", State.BLOCKED, error.message, error.hint)
        return
    yield from diagnose_teacher(settings if teacher == SETTINGS else parse_teacher(teacher, settings))


def _shown(diagnosis: Diagnosis) -> str:
    """The diagnosis within the terminal's width, else 80 columns; paths and commands are never broken.

    Where there is no terminal, advice stays in one line.
    """
    width = width_of(sys.stdout)
    label = f"{diagnosis.state.value:<9}  {diagnosis.subject:<8}  "
    found = terminal_text(diagnosis.found)
    indent = " " * len(label)
    lines = wrapped(found, width or 80, first=label, rest=indent)
    if diagnosis.advice:
        advice, first = terminal_text(diagnosis.advice), f"{'':11}try: "
        told = [f"{first}{advice}"] if width is None else wrapped(advice, width, first=first, rest=" " * 16)
        lines += told
    return "\n".join(lines)


def diagnose(config: str | None) -> Iterator[Diagnosis]:
    """Every diagnosis of the repository that holds the current folder, one after the other."""
    try:
        repository, settings = open_repository(config)
    except SeedbedError as error:
        yield Diagnosis(
            "settings" if FILE_NAME in error.message else "git", State.BLOCKED, error.message, error.hint
        )
        yield from _extras(TeacherSettings())
        return
    yield _git(repository)
    yield _guarded("base", lambda: _base(repository, settings))
    yield _settings(repository, config)
    yield from _guarded_all("taxonomy", lambda: _taxonomy(repository, settings))
    yield _hooks(repository)
    yield _teacher(settings.teacher)
    yield from _extras(settings.teacher)


def _guarded(subject: str, look: Callable[[], Diagnosis]) -> Diagnosis:
    """What a look says; what it cannot do blocks a check too."""
    try:
        return look()
    except SeedbedError as error:
        return Diagnosis(subject, State.BLOCKED, error.message, error.hint)


def _guarded_all(subject: str, look: Callable[[], Iterator[Diagnosis]]) -> Iterator[Diagnosis]:
    try:
        yield from look()
    except SeedbedError as error:
        yield Diagnosis(subject, State.BLOCKED, error.message, error.hint)


def _git(repository: Repository) -> Diagnosis:
    if repository.is_shallow:
        advice = "git fetch --unshallow origin (in CI: actions/checkout with `fetch-depth: 0`)"
        return Diagnosis("git", State.ATTENTION, "a shallow clone: history is cut off", advice)
    kind = "a bare repository: name a commit with --head" if repository.is_bare else "a full clone"
    return Diagnosis("git", State.OK, f"{kind}, {repository.root}")


def _base(repository: Repository, settings: Settings) -> Diagnosis:
    head = repository.head() if repository.is_bare else None
    base = find_base_of(repository, settings, base=None, head=head)
    return Diagnosis("base", State.OK, f"{base.base[:12]}, {base.rung}")


def _settings(repository: Repository, config: str | None) -> Diagnosis:
    file = Path(config) if config else repository.root / FILE_NAME
    if file.exists():
        return Diagnosis("settings", State.OK, f"{file} is read without faults")
    return Diagnosis(
        "settings", State.OK, f"no {FILE_NAME}: every key has its default (seedbed explain config)"
    )


def _taxonomy(repository: Repository, settings: Settings) -> Iterator[Diagnosis]:
    """Where the branches are, and whether the leaves tell an editor their schema."""
    root = settings.taxonomy.root
    commit = repository.head() if repository.is_bare else None
    leaves = all_leaves(repository, revision=commit, taxonomy_root=root)
    if not leaves and root != "." and _branches_at_root(repository, commit):
        advice = f'write in {FILE_NAME}: [taxonomy] root = "."'
        yield Diagnosis("taxonomy", State.ATTENTION, "the branches stand at the repository's root", advice)
        return
    if not leaves:
        yield Diagnosis("taxonomy", State.ATTENTION, f"no leaf under {root}", "seedbed new")
        return
    yield Diagnosis(
        "taxonomy", State.OK, f"{len(leaves):,} {'leaf' if len(leaves) == 1 else 'leaves'} under {root}"
    )
    bare = [
        file.path
        for file in leaves
        if file.is_regular
        and 0 <= file.size <= MAXIMUM_BYTES
        and b"yaml-language-server:" not in repository.read(file, commit=commit, limit=MAXIMUM_BYTES)[:4096]
    ]
    if bare:
        found = f"{len(bare):,} of {len(leaves):,} leaves have no schema line, such as {bare[0]}"
        known = settings.taxonomy.schema_address is not None or (repository.root / "schema").is_dir()
        advice = "begin them with `# yaml-language-server: $schema=…`, as `seedbed new` does"
        if not known:
            advice = f"name where the schemas are, [taxonomy] schema_address in {FILE_NAME}; new leaves then say so"
        yield Diagnosis("editor", State.ATTENTION, found, advice)
    else:
        yield Diagnosis("editor", State.OK, "every leaf names its schema for editors")


def _branches_at_root(repository: Repository, commit: str | None) -> bool:
    return any(repository.files(commit, branch) for branch in BRANCHES)


def _hooks(repository: Repository) -> Diagnosis:
    """Whether a hook of this clone runs Seedbed; hooks are each person's own choice."""
    configured = repository.root / ".pre-commit-config.yaml"
    advice = (
        "add the hooks seedbed-check and seedbed-fix to .pre-commit-config.yaml, then: pre-commit install"
    )
    if not configured.is_file() or "seedbed-" not in configured.read_text(encoding="utf-8", errors="replace"):
        return Diagnosis("hooks", State.ATTENTION, "no hook checks leaves before a commit (optional)", advice)
    folder = repository.root / ".git"
    if folder.is_dir() and not (folder / "hooks" / "pre-commit").exists():
        return Diagnosis(
            "hooks", State.ATTENTION, "hooks are configured, not installed", "pre-commit install"
        )
    return Diagnosis("hooks", State.OK, "configured")


def _teacher(teacher: TeacherSettings) -> Diagnosis:
    """Whether the settings name a teacher that can be asked; nothing is loaded and nothing is sent."""
    named = f"{teacher.backend}, model {teacher.model}"
    if teacher.backend == "openai" and not teacher.urls:
        advice = f'write in {FILE_NAME}: [teacher] url = "http://127.0.0.1:8000/v1"'
        return Diagnosis("teacher", State.ATTENTION, f"{named}, without an address", advice)
    variable = teacher.api_key_variable
    if variable and not os.environ.get(variable):
        return Diagnosis(
            "teacher", State.ATTENTION, f"{named}; {variable} is not set", f"export {variable}=…"
        )
    if teacher.model == "sandbox":
        named += ", which knows only its own small tasks"
    return Diagnosis("teacher", State.OK, named)


def _extras(teacher: TeacherSettings) -> Iterator[Diagnosis]:
    """Which extras are installed; only one that the teacher needs asks for attention."""
    needed = BACKEND_EXTRAS[teacher.backend]
    for extra, libraries in EXTRAS.items():
        missing = [library for library in libraries if find_spec(library) is None]
        if not missing:
            yield Diagnosis("extra", State.OK, f"[{extra}] is installed")
            continue
        advice = install_command(extra)
        if extra in ("generate", needed):
            found = f"[{extra}] lacks {', '.join(missing)}: preview and generate need it"
            yield Diagnosis("extra", State.ATTENTION, found, advice)
        else:
            yield Diagnosis("extra", State.OK, f"[{extra}] is not installed and not needed here ({advice})")
