"""Every key of `seedbed.toml`, for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields
from typing import Any

from seedbed.config.keys import TYPE_NAMES, type_of
from seedbed.config.sections import SECTIONS


@dataclass(frozen=True, slots=True)
class SettingDescription:
    """One key of `seedbed.toml`, for people."""

    section: str
    key: str
    type: str  # text, a whole number, a list of texts
    default: object  # None: decided elsewhere, as `help` says
    help: str


def describe_settings() -> Iterator[SettingDescription]:
    """Every key, in the order in which the sections are declared."""
    for section, kind in SECTIONS.items():
        yield from _describe(section, kind)


def _describe(section: str, kind: type[Any]) -> Iterator[SettingDescription]:
    inner = [item for item in fields(kind) if "inner" in item.metadata]
    for item in fields(kind):
        if item not in inner:
            shape = item.metadata.get("shape")
            default = None if item.default is MISSING or shape else item.default
            type_name = shape or TYPE_NAMES[type_of(kind, item)]
            yield SettingDescription(section, item.name, type_name, default, item.metadata["help"])
    for item in inner:
        yield from _describe(f"{section}.{item.name}", item.metadata["inner"])
