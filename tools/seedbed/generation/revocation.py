"""Revocations: leaves that no release may be taught again, whoever puts them back. Pure values.

One JSON file each under `releases/revocations/`, committed, so that two revocations never meet in one file. As long as
the file is there, neither the leaf's name nor any text that it ever had is planned, fresh or replayed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seedbed.errors import ConfigurationError

FOLDER = "revocations"
"""Beside the release manifests."""
VERSION = 1


@dataclass(frozen=True, slots=True)
class Revocation:
    """One leaf's; `blobs` are the git blob ids of every text of it that a release learned or the taxonomy has."""

    leaf: str
    blobs: tuple[str, ...]
    reason: str
    releases: tuple[str, ...]
    """The releases that had learned it when it was revoked, oldest first."""

    def covers(self, name: str, blob: str) -> bool:
        """Whether a leaf of this name or of this text is revoked."""
        return name == self.leaf or blob in self.blobs

    @property
    def file_name(self) -> str:
        """`knowledge/geography/tides` becomes `knowledge.geography.tides.json`; `%`, `.` in names are escaped."""
        plain = self.leaf.replace("%", "%25").replace(".", "%2E")
        return f"{plain.replace('/', '.')}.json"

    def to_json(self) -> str:
        """The text of the file."""
        return json.dumps({"version": VERSION, **asdict(self)}, indent=2, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str, *, source: str) -> Revocation:
        """Raises ConfigurationError when the text is no revocation: a plan must never be made past a broken one."""
        try:
            data: Mapping[str, Any] = json.loads(text)
            if data["version"] != VERSION:
                raise ValueError(f"version {data['version']!r}; this Seedbed reads version {VERSION}")
            leaf, reason = data["leaf"], data["reason"]
            if not (isinstance(leaf, str) and leaf and isinstance(reason, str)):
                raise ValueError("leaf and reason must be text")
            return cls(leaf, tuple(data["blobs"]), reason, tuple(data["releases"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigurationError(
                f"{source} is not a revocation: {error}",
                hint="restore the file from git, or write it anew: seedbed revoke LEAF --reason …",
            ) from error


def read_revocations(manifests: Path) -> tuple[Revocation, ...]:
    """Every revocation beside the release manifests in `manifests`, by file name.

    Raises ConfigurationError when one cannot be read: none may be passed over.
    """
    revocations = []
    for path in sorted((manifests / FOLDER).glob("*.json")):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"the revocation {path} cannot be read: {error}", hint="restore it from git"
            ) from error
        revocations.append(Revocation.from_json(text, source=str(path)))
    return tuple(revocations)
