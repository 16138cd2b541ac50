"""From settings or a flag to a teacher that answers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches

from seedbed.bundled_files import bundled_file
from seedbed.config import TeacherSettings
from seedbed.errors import ConfigurationError, MissingExtraError, TeacherError, UsageError, install_command
from seedbed.teacher.openai_server import open_openai_teacher
from seedbed.teacher.ray_engines import load_ray_teacher
from seedbed.teacher.teacher import Teacher
from seedbed.teacher.transformers_model import load_transformers_teacher
from seedbed.teacher.vllm_engine import load_vllm_teacher

SANDBOX = "sandbox"
"""The model name of the small teacher that comes with Seedbed; a transformers model like any other."""

BACKENDS = ("transformers", "openai", "vllm", "ray")
FLAG_FORMS = "sandbox, transformers:PATH, vllm:PATH, ray:PATH#ENGINES or openai:URL[,URL…]#MODEL"


def parse_teacher(text: str, settings: TeacherSettings | None = None) -> TeacherSettings:
    """The teacher that `--teacher` names: `sandbox`, `transformers:PATH`, `vllm:PATH`, `ray:PATH#ENGINES` (so many vLLM
    engines) or `openai:URL#MODEL`, where URL may be several with commas between.

    The limits are taken over from `settings`; the variable of the key only for servers that `settings` names, so that
    no key goes to another one. Raises UsageError when `text` has none of the forms.
    """
    known = settings or TeacherSettings()
    other = replace(known, url=None, api_key_variable=None)
    if text == SANDBOX:
        return replace(other, backend="transformers", model=SANDBOX)
    backend, _, rest = text.partition(":")
    if backend in ("transformers", "vllm") and rest:
        return replace(other, backend=backend, model=rest)
    if backend == "ray":
        path, _, engines = rest.rpartition("#")
        if path and engines.isascii() and engines.isdigit() and int(engines):
            return replace(other, backend=backend, model=path, engines=int(engines))
    url, _, model = rest.partition("#")
    urls = tuple(filter(None, url.split(",")))
    if backend == "openai" and urls and model:
        trusted = {one.rstrip("/") for one in known.urls}
        key_variable = known.api_key_variable if trusted.issuperset(one.rstrip("/") for one in urls) else None
        return replace(
            other,
            backend=backend,
            model=model,
            url=urls[0] if len(urls) == 1 else urls,
            api_key_variable=key_variable,
        )
    raise UsageError(f"--teacher {text!r} names no teacher; expected {FLAG_FORMS}", hint="--teacher sandbox")


def open_teacher(settings: TeacherSettings, environment: Mapping[str, str] | None = None) -> Teacher:
    """A teacher that is loaded, or whose server answered; `environment` (the process's own) holds its key.

    Raises ConfigurationError when the settings do not name a teacher, TeacherError when it cannot be used,
    MissingExtraError when its library is not installed.
    """
    if settings.backend == "transformers":
        if settings.model == SANDBOX:
            return _open_sandbox(settings)
        return load_transformers_teacher(
            settings.model, concurrency=settings.concurrency, max_model_len=settings.max_model_len
        )
    if settings.backend == "vllm":
        return load_vllm_teacher(
            settings.model,
            concurrency=settings.concurrency,
            max_model_len=settings.max_model_len,
            settings=settings.vllm,
        )
    if settings.backend == "ray":
        return load_ray_teacher(
            settings.model,
            engines=settings.engines,
            concurrency=settings.concurrency,
            max_model_len=settings.max_model_len,
            settings=settings.vllm,
        )
    if settings.backend == "openai":
        if not settings.urls:
            raise ConfigurationError(
                "the openai teacher needs the address of its server",
                hint='url = "http://127.0.0.1:8000/v1" under [teacher] in seedbed.toml',
            )
        return open_openai_teacher(
            settings.urls,
            settings.model,
            environment=os.environ if environment is None else environment,
            key_variable=settings.api_key_variable,
            concurrency=settings.concurrency,
            deadline=float(settings.timeout_seconds),
        )
    near = get_close_matches(settings.backend, BACKENDS, n=1) or [BACKENDS[0]]
    raise ConfigurationError(
        f"there is no teacher back end {settings.backend!r}; there are {', '.join(BACKENDS)}",
        hint=f'backend = "{near[0]}"',
    )


def _open_sandbox(settings: TeacherSettings) -> Teacher:
    folder = bundled_file("training/sandbox/teacher")
    if not folder.is_dir():
        raise TeacherError(
            f"the sandbox teacher is not there: {folder} does not exist",
            hint="seedbed sandbox build, or restore training/sandbox from git",
        )
    try:
        return load_transformers_teacher(
            str(folder), name=SANDBOX, concurrency=settings.concurrency, max_model_len=settings.max_model_len
        )
    except MissingExtraError as error:
        raise MissingExtraError(
            "the sandbox teacher, which knows a few small tasks and refuses every other leaf,",
            "train",
            "torch with transformers",
            otherwise=f"for any other leaf name a server under [teacher] in seedbed.toml, and {install_command('generate')}",
        ) from error
