"""The release manifest: what a release was made of, committed as JSON under `releases/`.

It is a contract between tools (which leaves are fresh?) and training (what is replayed, what was scored), and so lies
where both can read it. `schema/release.v1.schema.json` describes the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from seedbed.errors import ConfigurationError


class Role(StrEnum):
    """What a leaf was to a release."""

    FRESH = "fresh"  # new or changed since the parent release
    REPLAYED = "replayed"  # unchanged; samples of it were brought back
    DROPPED = "dropped"  # removed from the taxonomy; never replayed again
    KEPT = "kept"  # unchanged; none of its samples were brought back (a release without replay)


@dataclass(frozen=True, slots=True)
class LeafRecord:
    """One leaf in a release; `sample_keys` are the store keys that hold its samples."""

    name: str
    blob: str
    role: Role
    sample_keys: tuple[str, ...]
    training_samples: int
    held_out_samples: int
    authors: tuple[str, ...] = ()
    licence: str | None = None
    commit: str | None = None
    """The commit that last changed the leaf; None where a shallow clone does not show it."""
    samples_digest: str | None = None
    """SHA-256 over the sorted ids of its samples, which say what is in them; None in manifests from before it was kept."""


@dataclass(frozen=True, slots=True)
class PhaseRecord:
    """One phase of training; tokens are those the model read, prompt included."""

    name: str
    checkpoint_digest: str
    steps: int
    tokens: int
    replay_tokens: int
    seconds: float


@dataclass(frozen=True, slots=True)
class ScoreRecord:
    """A leaf's score on what was held out; `low` and `high` bound it at 95 %. Scores lie in 0…1."""

    leaf: str
    score: float
    low: float
    high: float
    cases: int
    base: float | None = None  # the base model's score on the same cases
    parent: float | None = None  # the parent release's score on the same cases
    measure: str = ""  # what the cases were scored by, with the judge's name where there was one


@dataclass(frozen=True, slots=True)
class GateRecord:
    """Whether the release may be used, and every reason why not."""

    passed: bool
    reasons: tuple[str, ...]
    maximum_drop: float | None = None
    """How far old leaves were allowed to fall; None in manifests from before it was kept."""
    minimum_score: float | None = None
    """What every fresh leaf had to reach; None as above."""


@dataclass(frozen=True, slots=True)
class ReleaseManifest:
    """One release. `parent` is the name of the release it was trained from, or None for the first."""

    name: str
    parent: str | None
    taxonomy_commit: str
    base_model: str
    base_model_digest: str
    model_digest: str
    recipe: str
    recipe_digest: str
    plan_digest: str
    seed: int
    seedbed_version: str
    leaves: tuple[LeafRecord, ...]
    phases: tuple[PhaseRecord, ...]
    scores: tuple[ScoreRecord, ...]
    gate: GateRecord
    files: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of every file of the release's folder: model, card, pictures, attribution."""
    choice: str = ""
    """Which checkpoint of the last phase the model is, among which, and why; empty where it is the phase's end."""
    version: int = 1

    def leaf(self, name: str) -> LeafRecord | None:
        """The record of one leaf, if this release knows it."""
        return next((record for record in self.leaves if record.name == name), None)

    def to_json(self) -> str:
        """The text of the file: sorted keys, two-space indent, a final newline."""
        fields = {name: value for name, value in asdict(self).items() if name != "choice" or value}
        return json.dumps(fields, indent=2, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str, *, source: str) -> ReleaseManifest:
        """Raises ConfigurationError when the text is not a manifest that this version can read."""
        try:
            fields: dict[str, Any] = json.loads(text)
            if fields.get("version") != 1:
                raise ConfigurationError(
                    f"{source} is a release manifest of version {fields.get('version')!r}; this Seedbed reads version 1",
                    hint="pip install --upgrade seedbed",
                )
            return cls(
                **{
                    **fields,
                    "leaves": tuple(_leaf_record(leaf) for leaf in fields["leaves"]),
                    "phases": tuple(PhaseRecord(**phase) for phase in fields["phases"]),
                    "scores": tuple(ScoreRecord(**score) for score in fields["scores"]),
                    "gate": GateRecord(**{**fields["gate"], "reasons": tuple(fields["gate"]["reasons"])}),
                }
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:  # no JSON, or no role
            raise ConfigurationError(
                f"{source} is not a release manifest: {error}", hint="restore the file from git"
            ) from error


def _leaf_record(fields: Mapping[str, Any]) -> LeafRecord:
    return LeafRecord(
        **{
            **fields,
            "role": Role(fields["role"]),
            "sample_keys": tuple(fields["sample_keys"]),
            "authors": tuple(fields["authors"]),
        }
    )


def read_releases(directory: Path) -> tuple[ReleaseManifest, ...]:
    """Every manifest of `directory`, each after its parent; an absent directory holds none."""
    if not directory.is_dir():
        return ()
    found = {
        manifest.name: manifest
        for manifest in (
            ReleaseManifest.from_json(path.read_text(encoding="utf-8", errors="replace"), source=str(path))
            for path in sorted(directory.glob("*.json"))
        )
    }
    return tuple(_parents_first(found))


def _parents_first(found: Mapping[str, ReleaseManifest]) -> Iterable[ReleaseManifest]:
    placed: set[str | None] = {None}
    waiting = dict(found)
    while waiting:
        ready = [
            manifest
            for manifest in waiting.values()
            if manifest.parent in placed or manifest.parent not in found
        ]
        if not ready:
            raise ConfigurationError(
                f"the releases {', '.join(sorted(waiting))} are each other's parents",
                hint="restore releases/ from git",
            )
        for manifest in ready:
            yield waiting.pop(manifest.name)
            placed.add(manifest.name)


def latest_release(releases: tuple[ReleaseManifest, ...]) -> ReleaseManifest | None:
    """The release that no other one has as parent (the last of them in `releases`), or None before the first."""
    parents = {release.parent for release in releases}
    heads = [release for release in releases if release.name not in parents]
    return heads[-1] if heads else None
