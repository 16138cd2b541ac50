"""Reads `seedbed.toml`: known sections and keys, values of the right type, nothing else."""

from __future__ import annotations

import math
from dataclasses import Field, fields
from pathlib import Path, PurePosixPath
from typing import Any

from seedbed.config.keys import TYPE_NAMES, type_of
from seedbed.config.sections import SECTIONS, Settings
from seedbed.config.unknown_name import unknown_name
from seedbed.errors import ConfigurationError

FILE_NAME = "seedbed.toml"


def load_settings(root: Path) -> Settings:
    """The settings of the repository whose working tree begins at `root`; without the file, all defaults."""
    path = root / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error}", hint="save it as a readable UTF-8 file"
        ) from error
    return read_settings(text, source=str(path))


def read_settings(text: str | None, *, source: str) -> Settings:
    """The settings that `text` holds (None: all defaults). `source` names the file in messages.

    Raises ConfigurationError for TOML that cannot be read, an unknown section or key, and a value of a wrong type.
    """
    if text is None:
        return Settings()
    import tomllib  # no settings, no wait for it

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{source} is not TOML: {error}", hint="text values need quotes") from error
    sections: dict[str, Any] = {}
    for name, values in data.items():
        if name not in SECTIONS:
            raise unknown_name(
                f"[{name}]" if isinstance(values, dict) else name, name, list(SECTIONS), source, "sections"
            )
        sections[name] = _read_section(name, SECTIONS[name], values, source)
    settings = Settings(**sections)
    root = PurePosixPath(settings.taxonomy.root)
    if root.is_absolute() or ".." in root.parts:
        raise ConfigurationError(
            f"{source}: taxonomy.root is {str(root)!r}, which leads out of the repository",
            hint='name a folder from the repository\'s root, such as root = "taxonomy"',
        )
    return settings


def _read_section(name: str, kind: type[Any], values: object, source: str) -> Any:
    if not isinstance(values, dict):
        raise ConfigurationError(
            f"{source}: {name} is a section, not a value", hint=f"write [{name}] on its own line"
        )
    known = {item.name: item for item in fields(kind)}
    given: dict[str, Any] = {}
    for key, value in values.items():
        if key not in known:
            raise unknown_name(f"{name}.{key}", key, list(known), source, "keys")
        metadata = known[key].metadata
        if "inner" in metadata:
            given[key] = _read_section(f"{name}.{key}", metadata["inner"], value, source)
        elif "read" in metadata:
            given[key] = metadata["read"](f"{name}.{key}", value, source)
        else:
            given[key] = _read_value(f"{name}.{key}", value, type_of(kind, known[key]), known[key], source)
    return kind(**given)


def _read_value(name: str, value: object, wanted: type[Any], item: Field[Any], source: str) -> Any:
    if wanted is tuple and isinstance(value, list) and all(isinstance(part, str) for part in value):
        return tuple(value)
    if wanted is float and type(value) is int:
        value = float(value)
    endless = isinstance(value, float) and not math.isfinite(value)
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool) or endless:
        raise ConfigurationError(
            f"{source}: {name} is {value!r}; expected {TYPE_NAMES[wanted]}", hint=item.metadata["help"]
        )
    choices, minimum, maximum = (item.metadata[key] for key in ("choices", "minimum", "maximum"))
    if choices and value not in choices:
        raise unknown_name(f"{name} = {value!r}", value, choices, source, "choices")
    if minimum is not None and value < minimum:
        raise ConfigurationError(
            f"{source}: {name} is {value}; expected at least {minimum}", hint=item.metadata["help"]
        )
    if maximum is not None and value > maximum:
        raise ConfigurationError(
            f"{source}: {name} is {value}; expected at most {maximum}", hint=item.metadata["help"]
        )
    if value == "" and wanted is str:
        raise ConfigurationError(f"{source}: {name} is empty", hint=item.metadata["help"])
    return value
