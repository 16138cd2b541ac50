"""From settings or a flag to a teacher that answers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Protocol

from seedbed.bundled_files import bundled_file
from seedbed.errors import ConfigurationError, TeacherError, UsageError
from seedbed.teacher.openai_server import open_openai_teacher
from seedbed.teacher.teacher import Teacher
from seedbed.teacher.transformers_model import load_transformers_teacher

SANDBOX = "sandbox"
"""The model name of the small teacher that comes with Seedbed; a transformers model like any other."""

BACKENDS = ("transformers", "openai")
FLAG_FORMS = "sandbox, transformers:PATH or openai:URL#MODEL"


class TeacherSettings(Protocol):
    """What `[teacher]` in seedbed.toml, or the `--teacher` flag, says of the teacher."""

    @property
    def backend(self) -> str:
        """`transformers` or `openai`."""
        ...

    @property
    def model(self) -> str:
        """A folder, a hub name, `sandbox`, or the name of a served model."""
        ...

    @property
    def url(self) -> str | None:
        """The server's address up to and with `/v1`; `openai` only."""
        ...

    @property
    def api_key_variable(self) -> str | None:
        """The environment variable that holds the server's key."""
        ...

    @property
    def concurrency(self) -> int | None:
        """Requests in flight; None leaves it to the back end."""
        ...


@dataclass(frozen=True, slots=True)
class FlagSettings:
    """A teacher named on the command line."""

    backend: str
    model: str
    url: str | None = None
    api_key_variable: str | None = None
    concurrency: int | None = None


def parse_teacher(text: str, settings: TeacherSettings | None = None) -> FlagSettings:
    """The teacher that `--teacher` names: `sandbox`, `transformers:PATH` or `openai:URL#MODEL`.

    Concurrency is taken over from `settings`; the variable of the key only for the very server that `settings`
    names, so that no key goes to another one. Raises UsageError when `text` has none of the forms.
    """
    concurrency = settings.concurrency if settings is not None else None
    if text == SANDBOX:
        return FlagSettings("transformers", SANDBOX, concurrency=concurrency)
    backend, _, rest = text.partition(":")
    if backend == "transformers" and rest:
        return FlagSettings("transformers", rest, concurrency=concurrency)
    if backend == "openai":
        url, _, model = rest.partition("#")
        if url and model:
            same = (
                settings is not None
                and settings.url is not None
                and settings.url.rstrip("/") == url.rstrip("/")
            )
            variable = settings.api_key_variable if settings is not None and same else None
            return FlagSettings("openai", model, url, variable, concurrency)
    raise UsageError(f"--teacher {text!r} names no teacher; expected {FLAG_FORMS}", hint="--teacher sandbox")


def open_teacher(settings: TeacherSettings, environment: Mapping[str, str] | None = None) -> Teacher:
    """A teacher that is loaded, or whose server answered; `environment` (the process's own) holds its key.

    Raises ConfigurationError when the settings do not name a teacher, TeacherError when it cannot be used,
    MissingExtraError when its library is not installed.
    """
    if settings.backend == "transformers":
        if settings.model == SANDBOX:
            return _open_sandbox(settings.concurrency)
        return load_transformers_teacher(settings.model, concurrency=settings.concurrency)
    if settings.backend == "openai":
        if not settings.url:
            raise ConfigurationError(
                "the openai teacher needs the address of its server",
                hint='url = "http://127.0.0.1:8000/v1" under [teacher] in seedbed.toml',
            )
        return open_openai_teacher(
            settings.url,
            settings.model,
            environment=os.environ if environment is None else environment,
            key_variable=settings.api_key_variable,
            concurrency=settings.concurrency,
        )
    near = get_close_matches(settings.backend, BACKENDS, n=1) or [BACKENDS[0]]
    raise ConfigurationError(
        f"there is no teacher back end {settings.backend!r}; there are {', '.join(BACKENDS)}",
        hint=f'backend = "{near[0]}"',
    )


def _open_sandbox(concurrency: int | None) -> Teacher:
    folder = bundled_file("training/sandbox/teacher")
    if not folder.is_dir():
        raise TeacherError(
            f"the sandbox teacher is not there: {folder} does not exist",
            hint="seedbed sandbox build, or restore training/sandbox from git",
        )
    return load_transformers_teacher(str(folder), name=SANDBOX, concurrency=concurrency)
