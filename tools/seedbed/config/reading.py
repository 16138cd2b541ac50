"""Reads `seedbed.toml`: known sections and keys, values of the right type, nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

from seedbed.config.sections import SECTIONS, Settings
from seedbed.config.strict_reading import KeyPath, Origin, read_as
from seedbed.config.unknown_name import unknown_name
from seedbed.errors import ConfigurationError

FILE_NAME = "seedbed.toml"

_SECTION = re.compile(r"\s*\[{1,2}([^\[\]]+)\]{1,2}\s*(?:#.*)?")
_KEY = re.compile(r"""\s*("[^"]*"|'[^']*'|[\w-]+)\s*=""")


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
    locate = _locate_in_toml(text, source)
    origin = Origin(locate, "a section, not a value", "write [{}] on its own line")
    sections: dict[str, Any] = {}
    for name, values in data.items():
        if name not in SECTIONS:
            raise unknown_name(
                f"[{name}]" if isinstance(values, dict) else name,
                name,
                list(SECTIONS),
                locate((name,)),
                "sections",
            )
        sections[name] = read_as(SECTIONS[name], values, origin, (name,))
    settings = Settings(**sections)
    root = PurePosixPath(settings.taxonomy.root)
    if root.is_absolute() or ".." in root.parts:
        raise ConfigurationError(
            f"{locate(('taxonomy', 'root'))}: taxonomy.root is {str(root)!r}, which leads out of the repository",
            hint='name a folder from the repository\'s root, such as root = "taxonomy"',
        )
    return settings


def _locate_in_toml(text: str, source: str) -> Callable[[KeyPath], str]:
    """Where the value at a path of `text` stands: `SOURCE:LINE`, or the line of its section, or the source alone.

    Python's parser does not tell; so lines are looked through for headings and keys, once something is wrong.
    """

    def locate(path: KeyPath) -> str:
        section: KeyPath = ()
        found, depth = source, 0
        for number, line in enumerate(text.splitlines(), 1):
            heading, key = _SECTION.fullmatch(line), _KEY.match(line)
            if heading:
                section = tuple(part.strip().strip("\"'") for part in heading[1].split("."))
            elif not key:
                continue
            here = section if heading or not key else (*section, key[1].strip("\"'"))
            if here == path[: len(here)] and len(here) > depth:
                found, depth = f"{source}:{number}", len(here)
        return found

    return locate
